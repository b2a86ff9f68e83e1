import { readdir } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import type { BegunChange, Change } from './change.ts';
import { changeKey } from './change-key.ts';
import { changesFile, exists, journalFile, readChanges, readHeader } from './change-journal.ts';
import { inLanes } from './lanes.ts';
import { noteRefused, type KeyList } from './refused-keys.ts';
import { changesOf, noSums, type RestoreSums, type RestoreWork } from './restore-work.ts';
import { isAsBefore, isMade } from './settle-begun.ts';
import { uploadsFailure } from './uploads-store.ts';
import { latestOf } from './version-page.ts';

/** A report that is to be undone. */
export interface UndoneReport {
  readonly path: string;
  readonly folder: string;
  readonly uploads: string;
}

/**
 * The report that an operator means: the id of a run of this host, `RUN-ID/STEP-ID` where it has several, or a path. A
 * run that was killed has left its journal, which serves as well.
 * @throws Failure `usage`
 */
export async function findReport(words: string, kept: string, workingFolder: string): Promise<UndoneReport> {
  const root = dirname(dirname(kept));
  const looksLikePath = isAbsolute(words) || words.endsWith('.ndjson') || words.startsWith('.');
  const folder = looksLikePath ? dirname(resolve(workingFolder, words)) : await stepFolder(root, words);
  const journal = join(folder, journalFile);
  const path = looksLikePath
    ? resolve(workingFolder, words)
    : (await exists(journal))
      ? journal
      : join(folder, changesFile);
  if (!(await exists(path))) {
    throw new Failure('usage', `${path} does not exist: there is no report to undo`, {
      hint: 'Say the id of a run of this host (run-plan history), or the path of its changes.ndjson.',
    });
  }
  const { uploads } = await readHeader(folder);
  return { path, folder, uploads };
}

async function stepFolder(root: string, words: string): Promise<string> {
  const run = join(root, words);
  if (words.includes('/')) return run;
  const steps: string[] = [];
  for (const step of (await readdir(run).catch(() => [])).sort()) {
    const folder = join(run, step);
    if ((await exists(join(folder, changesFile))) || (await exists(join(folder, journalFile))))
      steps.push(folder);
  }
  const [first, second] = steps;
  if (first !== undefined && second === undefined) return first;
  throw new Failure(
    'usage',
    first === undefined
      ? `the run ${words} has left no report of restored uploads on this host`
      : `the run ${words} has several reports: ${steps.map((step) => `${words}/${basename(step)}`).join(', ')}`,
    { hint: 'Say RUN-ID/STEP-ID, or the path of its changes.ndjson.' },
  );
}

/**
 * Does the reverse of every change of a report: what was current before comes to the top again, by a copy or a marker.
 * A key whose current version is not the one that the report has made was changed by somebody since, and is left alone.
 */
export async function undoChanges(
  report: UndoneReport,
  work: RestoreWork,
  changedSince: KeyList,
): Promise<RestoreSums> {
  const sums = noSums();
  let keys = 0;
  await inLanes(readChanges(report.path), work.lanes, work.signal, async (change, signal) => {
    try {
      await undoOne({ ...work, signal }, change, sums, changedSince);
    } catch (error) {
      signal.throwIfAborted();
      await noteRefused(work.refused, change.key, error, changesOf(sums), (cause) =>
        uploadsFailure(cause, 'store', work.store.location, change.key),
      );
    }
    keys += 1;
    work.report.progress(sums.bytes);
    if (keys % 100 === 0) work.report.phase(`undoing: ${keys} keys`);
  });
  return sums;
}

async function undoOne(
  work: RestoreWork,
  change: Change | BegunChange,
  sums: RestoreSums,
  changedSince: KeyList,
): Promise<void> {
  const { key, before } = change;
  if (change.action === 'copied') {
    throw new Failure(
      'usage',
      'a restore into another bucket has changed nothing here: there is nothing to undo',
      {
        hint: 'Remove the copies there when they are not needed any more.',
      },
    );
  }
  const now = await work.pace.keep(() => latestOf(work.store, key, work.signal));
  const wanted = before?.kind === 'object' ? before : undefined;
  if (isAsBefore(now, before)) {
    sums.already += 1;
    return;
  }
  if (now === undefined || !isMade(now, change)) {
    await changedSince.add(key, { is: now?.versionId ?? null, made: change.made ?? null });
    return;
  }
  await changeKey(work, { key, now, wanted }, sums);
}
