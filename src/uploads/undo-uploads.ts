import { Failure } from '../base/failure.ts';
import type { BegunChange, Change, VersionReference } from './change.ts';
import { changeKey } from './change-key.ts';
import { readChanges } from './change-lines.ts';
import { isCopyOf } from './copy-of.ts';
import type { UndoneReport } from './find-report.ts';
import { forEachOf } from '../base/waiting.ts';
import { noteRefused, type KeyList } from './refused-keys.ts';
import { changesOf, noSums, type RestoreSums, type RestoreWork } from './restore-work.ts';
import { isMade } from './settle-begun.ts';
import { latestOf, type ObjectVersion } from '../s3/versions.ts';

/** What an undo does about one change. */
type Undoing =
  | { readonly kind: 'already' }
  | { readonly kind: 'changed-since'; readonly now: ObjectVersion | undefined }
  /** `wanted` comes to the top again, or a marker. */
  | {
      readonly kind: 'undo';
      readonly now: ObjectVersion;
      readonly wanted: VersionReference | undefined;
    };

type Look = Pick<RestoreWork, 'store' | 'signal'>;

/** An undo in numbers: found by looking at each key of the report, which changes nothing. */
export interface PlannedUndo {
  readonly promote: { readonly keys: number; readonly bytes: number };
  readonly hide: { readonly keys: number; readonly bytes: number };
  readonly already: number;
}

/** Counts what `undoChanges` would do, and lists it. Errors are the store's own. */
export async function planUndo(
  { path }: UndoneReport,
  work: Look & Pick<RestoreWork, 'lanes' | 'report'>,
  lists: { readonly planned: KeyList; readonly changedSince: KeyList },
): Promise<PlannedUndo> {
  const sums = { promote: { keys: 0, bytes: 0 }, hide: { keys: 0, bytes: 0 }, already: 0 };
  let keys = 0;
  await forEachOf(readChanges(path), { atOnce: work.lanes, signal: work.signal }, async (change, signal) => {
    const undoing = await undoingOf({ ...work, signal }, change);
    keys += 1;
    if (keys % 100 === 0) work.report.phase(`looking at what would be undone: ${keys} keys`);
    if (undoing.kind === 'already') sums.already += 1;
    else if (undoing.kind === 'changed-since') await noteChanged(lists.changedSince, change, undoing.now);
    else {
      const { now, wanted } = undoing;
      const sum = wanted === undefined ? sums.hide : sums.promote;
      sum.keys += 1;
      sum.bytes += wanted?.bytes ?? now.bytes;
      const action = wanted === undefined ? 'hide' : 'promote';
      await lists.planned.add(change.key, {
        action,
        before: now.versionId,
        promote: wanted?.versionId ?? null,
      });
    }
  });
  return sums;
}

/**
 * Does the reverse of every change of a report: what was current before comes to the top again, by a copy or a marker.
 * A key whose current version is not the one that the report has made was changed by somebody since, and is left alone.
 */
export async function undoChanges(
  { path }: UndoneReport,
  work: RestoreWork,
  changedSince: KeyList,
): Promise<RestoreSums> {
  const sums = noSums();
  let keys = 0;
  await forEachOf(readChanges(path), { atOnce: work.lanes, signal: work.signal }, async (change, signal) => {
    try {
      await undoOne({ ...work, signal }, change, sums, changedSince);
    } catch (error) {
      signal.throwIfAborted();
      await noteRefused(work.refused, change.key, error, changesOf(sums));
    }
    keys += 1;
    work.report.progress(sums.bytes);
    if (keys % 100 === 0) work.report.phase(`undoing: ${keys} keys seen, ${changesOf(sums)} changed`);
  });
  return sums;
}

async function undoOne(
  work: RestoreWork,
  change: Change | BegunChange,
  sums: RestoreSums,
  changedSince: KeyList,
): Promise<void> {
  const undoing = await undoingOf(work, change);
  if (undoing.kind === 'already') sums.already += 1;
  else if (undoing.kind === 'changed-since') await noteChanged(changedSince, change, undoing.now);
  else await changeKey(work, { key: change.key, now: undoing.now, wanted: undoing.wanted }, sums);
}

/** @throws Failure `usage` for a report of copies to elsewhere */
async function undoingOf(work: Look, change: Change | BegunChange): Promise<Undoing> {
  const { key, before, action } = change;
  if (action === 'copied') {
    throw new Failure(
      'usage',
      'a restore into another bucket has changed nothing here: there is nothing to undo',
      { hint: 'Remove the copies there when they are not needed any more.' },
    );
  }
  const now = await latestOf(work.store, key, work.signal);
  // First, because what was before may look the same and have other metadata.
  if (now !== undefined && (await isMade(work, now, change)))
    return { kind: 'undo', now, wanted: before?.kind === 'object' ? before : undefined };
  return (await isAsBefore(work, now, before)) ? { kind: 'already' } : { kind: 'changed-since', now };
}

/** Whether a change was never done, or is undone already. */
async function isAsBefore(
  work: Look,
  now: ObjectVersion | undefined,
  before: VersionReference | null,
): Promise<boolean> {
  if (now?.kind !== 'object') return before?.kind !== 'object';
  return before !== null && isCopyOf(work, now, before);
}

function noteChanged(
  list: KeyList,
  { key, made }: Change | BegunChange,
  now: ObjectVersion | undefined,
): Promise<void> {
  return list.add(key, { is: now?.versionId ?? null, made: made ?? null });
}
