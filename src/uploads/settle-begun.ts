import type { BegunChange, Change } from './change.ts';
import { isCopyOf } from './copy-of.ts';
import { headVersion } from '../s3/object.ts';
import { latestOf, type ObjectVersion } from '../s3/versions.ts';
import type { RestoreWork } from './restore-work.ts';

/** Whether what is current is what a change has made. Errors are the store's own. */
export async function isMade(
  work: Pick<RestoreWork, 'store' | 'signal'>,
  now: ObjectVersion,
  change: Change | BegunChange,
): Promise<boolean> {
  if (change.made !== undefined && change.made !== null) return now.versionId === change.made;
  // Nobody noted which version was made: it is the one that looks so.
  return change.promoted === null ? now.kind === 'marker' : isCopyOf(work, now, change.promoted);
}

/**
 * Looks at the keys whose change a killed run had begun: what was done is noted as done, so that the report knows it.
 * Errors are the store's own.
 */
export async function settleBegun(
  work: Pick<RestoreWork, 'store' | 'journal' | 'signal' | 'access'>,
): Promise<void> {
  const { store, journal, signal, access } = work;
  for (const change of journal.begun) {
    if (change.action === 'copied') continue;
    const now = await latestOf(store, change.key, signal);
    const isDone =
      now !== undefined && now.versionId !== change.before?.versionId && (await isMade(work, now, change));
    if (!isDone) {
      await journal.notDone(change.key);
      continue;
    }
    if (change.promoted !== null) {
      // The copy was made; whether it was given what its source has, nobody noted.
      const { versionId } = change.promoted;
      const head = await headVersion(store, change.key, versionId, signal);
      const made = { versionId: now.versionId };
      await access.keep(
        { store, key: change.key, versionId, head },
        store,
        () => Promise.resolve(made),
        signal,
      );
    }
    await journal.done({ ...change, made: now.versionId });
  }
}
