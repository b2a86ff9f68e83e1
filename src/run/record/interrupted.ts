import { appendFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Damage } from '../../base/document.ts';
import { exitCode } from '../../base/exit-code.ts';
import type { RunRecord } from '../../language/generated/run-record.types.ts';
import type { RunFinished } from './event.ts';
import { readJournal, readTail, type JournalReading } from './read-journal.ts';
import { journalFolder, temporaryFolder } from '../../base/state-folder.ts';

/** A run that was killed. */
export interface InterruptedRun {
  readonly runId: string;
  readonly lastEventAt: string;
  /** The step that it was in. */
  readonly step?: string;
  /** What it had told until then. */
  readonly record: RunRecord;
}

/**
 * Finds the runs of a plan that ended without a word, removes their temporary folders, and closes their journals so
 * that they are found once. One that cannot be read is named and left as it is. The run `runId` is the caller's own. To be called while the plan's host lock is held: any open journal is a dead run's then.
 */
export async function closeInterrupted(
  stateFolder: string,
  plan: string,
  runId: string,
  at: Date,
  onDamage: (damage: Damage) => void = () => undefined,
): Promise<readonly InterruptedRun[]> {
  const folder = journalFolder(stateFolder, plan);
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => name.endsWith('.jsonl') && name !== `${runId}.jsonl`)
    .sort();
  const found: InterruptedRun[] = [];
  for (const name of names) {
    const file = join(folder, name);
    const { record, damage } = await readOpen(file);
    if (damage !== undefined) onDamage(damage);
    const run = interruptedRun(record);
    if (run === undefined) continue;
    // What cannot be tidied now (a full disk) is told again by the next run, and must not keep this one from running.
    await rm(temporaryFolder(stateFolder, run.runId), { recursive: true, force: true }).catch(
      () => undefined,
    );
    await appendFile(file, `\n${JSON.stringify(closing(run, at))}\n`).catch(() => undefined);
    found.push(run);
  }
  return found;
}

/** A journal that is not closed yet; of one that is nothing: its end tells it. */
async function readOpen(file: string): Promise<Partial<JournalReading>> {
  // One whose end cannot be read is read as a whole, which says why.
  const tail = await readTail(file).catch(() => []);
  return tail.at(-1)?.type === 'run-finished' ? {} : readJournal(file);
}

function interruptedRun(record: RunRecord | undefined): InterruptedRun | undefined {
  if (record === undefined || record.complete) return undefined;
  const step = record.steps.find(({ outcome, startedAt }) => outcome === 'cancelled' && startedAt !== null);
  return {
    runId: record.runId,
    lastEventAt: record.finishedAt,
    ...(step !== undefined && { step: step.id }),
    record,
  };
}

function closing(run: InterruptedRun, at: Date): RunFinished {
  return {
    type: 'run-finished',
    at: at.toISOString(),
    outcome: 'cancelled',
    exitCode: exitCode.interrupted,
    durationMs: run.record.durationMs,
    stepsDurationMs: 0,
    error: { code: 'interrupted', message: 'the run was killed: it ended without a word' },
    foundInterrupted: true,
  };
}
