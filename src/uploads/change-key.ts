import type { S3 } from '../s3/client.ts';
import { copyOfName, copyVersion, isEtagLost } from '../s3/copy.ts';
import { plainEtag } from '../s3/listing.ts';
import { headVersion, removeObject, type ObjectHead } from '../s3/object.ts';
import { latestOf, type ObjectVersion } from '../s3/versions.ts';
import { referenceTo, type VersionReference } from './change.ts';
import { isOfTheKey } from './refused-keys.ts';
import type { RestoreSums, RestoreWork } from './restore-work.ts';
import { isSameObject } from './same-object.ts';

/** A key whose current version is not the one that is wanted. */
export interface KeyChange {
  readonly key: string;
  /** What is current; undefined for nothing at all. */
  readonly now: VersionReference | undefined;
  /** The object to bring to the top; undefined to put a delete marker. */
  readonly wanted: VersionReference | undefined;
}

/**
 * Brings a version of a key to the top, or hides the key under a delete marker, unless that is how it is already. Notes
 * it before and after. Errors are the store's own; the key is then noted as not changed.
 */
export async function changeKey(work: RestoreWork, change: KeyChange, sums: RestoreSums): Promise<void> {
  const { key, now, wanted } = change;
  if (wanted === undefined) {
    if (now?.kind === 'object') await hide(work, key, now, sums);
    else sums.already += 1;
    return;
  }
  await promote(work, { key, now, wanted }, sums);
}

async function promote(
  { store, signal, journal, limits, listsAfterwards, access }: RestoreWork,
  { key, now, wanted }: KeyChange & { readonly wanted: VersionReference },
  sums: RestoreSums,
): Promise<void> {
  const head = await headVersion(store, key, wanted.versionId, signal);
  if (now?.kind === 'object' && mayBeCopy(now, wanted, head)) {
    const source = { versionId: wanted.versionId, head };
    const isOpenToSame = (): Promise<boolean> =>
      access.isSame(
        { store, key, versionId: now.versionId },
        { store, key, versionId: wanted.versionId },
        signal,
      );
    if ((await isSameObject(store, key, now, source, signal)) && (await isOpenToSame())) {
      sums.already += 1;
      return;
    }
  }
  const line = {
    key,
    action: 'promoted' as const,
    before: now === undefined ? null : referenceTo(now),
    promoted: referenceTo(wanted),
  };
  await journal.begin(line);
  const source = { key, versionId: wanted.versionId, bytes: wanted.bytes };
  const told = await notedIfRefused(journal, key, () =>
    copyVersion(store, source, store, head, { limits, signal }),
  );
  await access.keep(
    { store, ...source, head },
    store,
    () => copyMade(store, key, wanted, told, signal),
    signal,
  );
  const made = told === null && !listsAfterwards ? await madeVersion(store, key, wanted, signal) : told;
  await journal.done({ ...line, made });
  sums.promoted += 1;
  sums.bytes += wanted.bytes;
}

/** The version that a copy has made, to be given what no store copies; undefined when another writer was quicker. */
export async function copyMade(
  store: S3,
  key: string,
  wanted: VersionReference,
  told: string | null,
  signal: AbortSignal,
): Promise<{ readonly versionId?: string } | undefined> {
  if (told !== null) return { versionId: told };
  const head = await headVersion(store, key, undefined, signal);
  if (!isCopy(head, wanted)) return undefined;
  return head.VersionId === undefined ? {} : { versionId: head.VersionId };
}

function isCopy(head: ObjectHead, { etag, versionId }: VersionReference): boolean {
  return plainEtag(head.ETag) === etag || head.Metadata?.[copyOfName] === versionId;
}

/** Whether only a closer look can tell that it need not be copied: of equal size, and its ETag, where that tells anything. */
function mayBeCopy(now: VersionReference, wanted: VersionReference, head: ObjectHead): boolean {
  return now.bytes === wanted.bytes && (now.etag === wanted.etag || isEtagLost(head));
}

/** The current version when it is the copy that was just made; null when another writer was quicker. */
async function madeVersion(
  store: S3,
  key: string,
  wanted: VersionReference,
  signal: AbortSignal,
): Promise<string | null> {
  const made = await headVersion(store, key, undefined, signal);
  return isCopy(made, wanted) ? (made.VersionId ?? null) : null;
}

async function hide(
  { store, signal, journal }: RestoreWork,
  key: string,
  now: VersionReference,
  sums: RestoreSums,
): Promise<void> {
  const line = { key, action: 'hidden' as const, before: referenceTo(now), promoted: null };
  await journal.begin(line);
  const made = await notedIfRefused(journal, key, () => putMarker(store, key, signal));
  await journal.done({ ...line, made });
  sums.hidden += 1;
}

/** A deletion without a version's id deletes nothing in a versioned bucket: it puts a marker on top. */
async function putMarker(store: S3, key: string, signal: AbortSignal): Promise<string | null> {
  const versionId = await removeObject(store, key, { signal });
  if (versionId !== undefined) return versionId;
  const latest: ObjectVersion | undefined = await latestOf(store, key, signal);
  return latest?.kind === 'marker' ? latest.versionId : null;
}

/** A refused change did not happen. After any other error it may have: then only a look can tell. */
async function notedIfRefused<Result>(
  journal: RestoreWork['journal'],
  key: string,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (isOfTheKey(error)) await journal.notDone(key);
    throw error;
  }
}
