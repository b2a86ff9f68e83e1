import { mapOf } from '../../base/waiting.ts';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunFinished } from './event.ts';
import { parseJournal } from './read-journal.ts';
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

/** A journal's last event and its error message fit in here, bytes. */
const tailBytes = 64 * 1024;
/** Journals read at once. */
const atOnce = 16;

/** Every run of a plan on this host that has ended, in the order in which they ended, by the ends of their journals alone. */
export async function readEndings(stateFolder: string, plan: string): Promise<readonly RunEnding[]> {
  const folder = journalFolder(stateFolder, plan);
  // Sorted, so that of two that ended at one instant the later begun is the last.
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jsonl')).sort();
  const read = await mapOf(names, { atOnce }, (name) => readEnding(folder, name));
  const endings = read.filter((ending) => ending !== undefined);
  return endings.sort((left, right) => left.at.getTime() - right.at.getTime());
}

async function readEnding(folder: string, name: string): Promise<RunEnding | undefined> {
  const last = parseJournal(await readTail(join(folder, name))).findLast(
    (event) => event.type === 'run-finished',
  );
  if (last === undefined) return undefined;
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

/** The last bytes of a file; nothing when it cannot be read. */
async function readTail(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const length = Math.min(size, tailBytes);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString('utf8');
  } catch {
    return '';
  }
}
