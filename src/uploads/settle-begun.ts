import type { BegunChange, Change, VersionReference } from './change.ts';
import { looksEqual, type ObjectVersion } from './object-version.ts';
import type { RestoreWork } from './restore-work.ts';
import { latestOf } from './version-page.ts';

/** Whether a change was never done, or is undone already. */
export function isAsBefore(now: ObjectVersion | undefined, before: VersionReference | null): boolean {
  if (now?.kind !== 'object') return before?.kind !== 'object';
  return before?.kind === 'object' && (now.versionId === before.versionId || looksEqual(now, before));
}

/** Whether what is current is what a change has made. */
export function isMade(now: ObjectVersion, change: Change | BegunChange): boolean {
  if (change.made !== undefined && change.made !== null) return now.versionId === change.made;
  // Nobody noted which version was made: it is the one that looks so.
  if (change.promoted === null) return now.kind === 'marker';
  return now.kind === 'object' && looksEqual(now, change.promoted);
}

/**
 * Looks at the keys whose change a killed run had begun: what was done is noted as done, so that the report knows it.
 * Errors are the store's own.
 */
export async function settleBegun({
  store,
  journal,
  pace,
  signal,
}: Pick<RestoreWork, 'store' | 'journal' | 'pace' | 'signal'>): Promise<void> {
  for (const change of journal.begun) {
    if (change.action === 'copied') continue;
    const now = await pace.keep(() => latestOf(store, change.key, signal));
    const isDone = now !== undefined && !isAsBefore(now, change.before) && isMade(now, change);
    if (isDone) await journal.done({ ...change, made: now.versionId });
    else await journal.notDone(change.key);
  }
}
