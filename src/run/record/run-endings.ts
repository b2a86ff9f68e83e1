import { mapOf } from '../../base/waiting.ts';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Damage } from '../../base/document.ts';
import type { RunEvent, RunFinished } from './event.ts';
import { readJournal, readTail } from './read-journal.ts';
import { journalFolder } from '../../base/state-folder.ts';

/** How a run of this host ended, without its steps. */
export interface RunEnding {
  readonly runId: string;
  readonly at: Date;
  /** `interrupted`: it was killed, and a later run has found that. */
  readonly outcome: RunFinished['outcome'] | 'interrupted';
  /** Null for an interrupted one. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  readonly stepsDurationMs: number;
  readonly missedObjective: boolean;
}

/** Journals read at once. */
const atOnce = 16;

/** Every run of a plan on this host that has ended, in the order in which they ended, by the ends of their journals alone. */
export async function readEndings(
  stateFolder: string,
  plan: string,
  onDamage: (damage: Damage) => void = () => undefined,
): Promise<readonly RunEnding[]> {
  const folder = journalFolder(stateFolder, plan);
  // Sorted, so that of two that ended at one instant the later begun is the last.
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jsonl')).sort();
  const read = await mapOf(names, { atOnce }, (name) => readEnding(folder, name, onDamage));
  const endings = read.filter((ending) => ending !== undefined);
  return endings.sort((left, right) => left.at.getTime() - right.at.getTime());
}

async function readEnding(
  folder: string,
  name: string,
  onDamage: (damage: Damage) => void,
): Promise<RunEnding | undefined> {
  const events = await readTail(join(folder, name)).catch((): readonly RunEvent[] => []);
  const last = events.findLast((event) => event.type === 'run-finished');
  if (last === undefined) {
    // It runs still, was killed, or is none: only the whole of it says which.
    const { damage } = await readJournal(join(folder, name));
    if (damage !== undefined) onDamage(damage);
    return undefined;
  }
  const isInterrupted = last.foundInterrupted === true;
  return {
    runId: name.slice(0, -'.jsonl'.length),
    at: new Date(last.at),
    outcome: isInterrupted ? 'interrupted' : last.outcome,
    exitCode: isInterrupted ? null : last.exitCode,
    durationMs: last.durationMs,
    stepsDurationMs: last.stepsDurationMs,
    missedObjective: last.error?.code === 'objective-missed',
  };
}
