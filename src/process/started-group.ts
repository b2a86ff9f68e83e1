import { spawn, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../base/failure.ts';
import { builtEnvironment, type Variables } from './environment.ts';
import { groupRuns, signalGroup, type ProcessGroups } from './process-groups.ts';
import { toolMissing } from './tool.ts';

/** From SIGTERM to SIGKILL, milliseconds. */
const patienceMs = 2000;
/** How long killed processes may take to vanish, milliseconds: one in uninterruptible sleep (a dead NFS server) stays. */
const vanishMs = 1000;
const pollMs = 20;

export interface StartOptions {
  readonly stdio: StdioOptions;
  readonly cwd: string;
  /** Variables of whoever starts it; what of them the program sees is decided here. */
  readonly inherited: Variables;
  /** What it is given besides. */
  readonly environment?: Variables;
  /** Hears of its group; absent: it belongs to no run. */
  readonly groups?: Pick<ProcessGroups, 'add' | 'remove'>;
  /** Whom it runs as, when that is not this process' own user. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** What its leader leaves running is left: it guards what outlives us. */
  readonly leavesGroup?: true;
}

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process that leads a session and process group of its own. */
export interface StartedGroup {
  readonly child: ChildProcess;
  /**
   * Resolves when the leader has exited and nothing of its group is left: what a leader leaves running is ended.
   * Rejects with a Failure when it could not be started.
   */
  readonly ended: Promise<ExitStatus>;
  /** SIGTERM to the group, SIGKILL after two seconds; resolves with `ended`, never rejects. */
  kill(): Promise<void>;
}

/**
 * The one place that starts processes: the program leads a process group of its own, and its environment is built, never
 * inherited.
 */
export function startGroup(
  program: string,
  programArguments: readonly string[],
  options: StartOptions,
): StartedGroup {
  const { stdio, cwd, user } = options;
  const child = started(program, cwd, () =>
    spawn(program, programArguments, {
      stdio,
      cwd,
      env: builtEnvironment(options),
      detached: true,
      ...(user !== undefined && { uid: user.uid, gid: user.gid }),
    }),
  );
  return followGroup(child, program, options);
}

/** `spawn` for zx: its child sees what our programs see and is watched over as they are; `onStart` hears of it. */
export function spawnForShell(
  { environment, ...options }: Pick<StartOptions, 'cwd' | 'groups' | 'environment'>,
  onStart: (group: StartedGroup) => void,
): typeof spawn {
  const start = (
    program: string,
    words: readonly string[],
    { env, ...given }: SpawnOptions,
  ): ChildProcess => {
    // Options of a command replace its variables; what every program gets stays.
    const child = started('bash', options.cwd, () =>
      spawn(program, words, { ...given, env: { ...environment, ...env, SHLVL: '1' } }),
    );
    onStart(followGroup(child, 'bash', options));
    return child;
  };
  return start as typeof spawn;
}

/** Some of what keeps a program from starting Node throws at once, such as variables that are too large. */
function started(program: string, cwd: string, start: () => ChildProcess): ChildProcess {
  try {
    return start();
  } catch (error) {
    throw startFailure(program, cwd, error as NodeJS.ErrnoException);
  }
}

/** Watches over a detached child. */
function followGroup(
  child: ChildProcess,
  program: string,
  options: Pick<StartOptions, 'cwd' | 'groups' | 'leavesGroup'>,
): StartedGroup {
  const group = child.pid;
  if (group !== undefined) options.groups?.add(group);
  const leader = new Promise<ExitStatus>((resolve, reject) => {
    child.once('error', (error) => {
      if (child.pid === undefined) reject(startFailure(program, options.cwd, error));
    });
    child.once('exit', (code, signal) => {
      resolve({ code, signal });
    });
  });
  const ended = leader.then(async (status) => {
    if (group === undefined) return status;
    if (options.leavesGroup !== true) await endGroup(group);
    options.groups?.remove(group);
    return status;
  });
  ended.catch(() => undefined);
  return {
    child,
    ended,
    kill: async () => {
      if (group !== undefined && child.exitCode === null && child.signalCode === null) await endGroup(group);
      await ended.catch(() => undefined);
    },
  };
}

/** Ends every process of a group: SIGTERM, then SIGKILL after two seconds. Returns at once when none is left. */
export async function endGroup(group: number): Promise<void> {
  if (!groupRuns(group)) return;
  if (!signalGroup(group, 'SIGTERM') || (await vanished(group, patienceMs))) return;
  signalGroup(group, 'SIGKILL');
  await vanished(group, vanishMs);
}

async function vanished(group: number, limitMs: number): Promise<boolean> {
  const limit = performance.now() + limitMs;
  while (groupRuns(group)) {
    if (performance.now() >= limit) return false;
    await delay(pollMs);
  }
  return true;
}

function startFailure(program: string, cwd: string, error: NodeJS.ErrnoException): Failure {
  // spawn says ENOENT for the working folder, too.
  if (!isFolder(cwd)) {
    return new Failure('command-failed', `${program} was not started: the folder ${cwd} does not exist`, {
      hint: 'create it, or correct the step’s cwd',
      cause: error,
    });
  }
  if (error.code === 'ENOENT') return toolMissing(program, error);
  const what = error.code ?? error.message;
  return new Failure('command-failed', `${program} could not be started: ${what}`, {
    cause: error,
    ...(error.code === 'E2BIG' && {
      hint: 'what it was given by variables or arguments is too large for the system: give it a file',
    }),
  });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
