import { readdirSync, readFileSync } from 'node:fs';

/** Hears of every process group that this run starts and ends: the guard, which outlives a killed run-plan. */
export interface ProcessGroupWatch {
  started(group: number): void;
  ended(group: number): void;
}

/** The process groups that are alive now, of the whole run. */
export interface ProcessGroups {
  add(group: number): void;
  remove(group: number): void;
  /** Tells the watch of every group from now on, beginning with those that are alive. */
  watch(watch: ProcessGroupWatch): void;
  /** SIGKILL to all, at once: for a second signal. */
  killAll(): void;
}

export function createProcessGroups(): ProcessGroups {
  const alive = new Set<number>();
  const watches = new Set<ProcessGroupWatch>();
  return {
    add: (group) => {
      alive.add(group);
      for (const watch of watches) watch.started(group);
    },
    remove: (group) => {
      alive.delete(group);
      for (const watch of watches) watch.ended(group);
    },
    watch: (watch) => {
      watches.add(watch);
      for (const group of alive) watch.started(group);
    },
    killAll: () => {
      for (const group of alive) signalGroup(group, 'SIGKILL');
    },
  };
}

/** Sends a signal to every process of a group; false when none is left that could be reached. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: processes are left that belong to another user (a setuid program).
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Whether a process of the group still runs. Zombies do not: where a container's first process reaps nothing they
 * stay for ever. Without `/proc` (macOS) a zombie counts as running.
 */
export function groupRuns(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  try {
    return readdirSync('/proc').some((entry) => /^\d+$/.test(entry) && runsIn(entry, group));
  } catch {
    return true;
  }
}

function runsIn(pid: string, group: number): boolean {
  try {
    // `pid (name) state parent group …`; the name may hold anything, also `)`.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(processGroup) === group && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
