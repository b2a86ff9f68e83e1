import type { S3 } from '../../s3/client.ts';
import { abortUpload, isUnfinished } from '../../s3/listing.ts';
import { headObject, removeObject } from '../../s3/object.ts';
import { listVersions, versionPages } from '../../s3/versions.ts';
import type { Fate } from './judge.ts';
import type { PlantedCanary } from './ledger.ts';

/** What has become of a canary or a control until now. @throws Failure `repository-*` */
export async function fateOf(canary: PlantedCanary, store: S3, signal: AbortSignal): Promise<Fate> {
  const { act, key, versionId } = canary;
  switch (act) {
    case 'is aborted as an unfinished upload':
      return (await isUnfinished(store, key, canary.uploadId, signal)) ? 'as planted' : 'gone';
    case 'expires as a delete marker':
      return (await versionsOf(key, store, signal)).length > 0 ? 'as planted' : 'gone';
    case 'moves as a noncurrent version':
    case 'expires as a noncurrent version':
      return fateOfClass(await classOf(store, key, versionId, signal));
    case 'expires':
    case 'moves':
    case 'control':
      return fateOfClass(await classOf(store, key, undefined, signal));
  }
}

function fateOfClass(storageClass: string | undefined): Fate {
  if (storageClass === undefined) return 'gone';
  return storageClass === 'STANDARD' ? 'as planted' : { storageClass };
}

/** Removes every version of a canary that is done with, and its upload; what is locked stays. Never rejects. */
export async function clearAway(canary: PlantedCanary, store: S3, signal: AbortSignal): Promise<void> {
  const { key, uploadId } = canary;
  if (uploadId !== undefined) await abortUpload(store, key, uploadId, signal).catch(() => undefined);
  for (const versionId of await versionsOf(key, store, signal).catch(() => []))
    await removeObject(store, key, { versionId, signal }).catch(() => undefined);
}

/** Undefined for what is not there. */
async function classOf(
  store: S3,
  key: string,
  versionId: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const head = await headObject(store, key, signal, versionId);
  return head === undefined ? undefined : (head.StorageClass ?? 'STANDARD');
}

/** Ids of the versions and delete markers of a canary's key: a handful. */
async function versionsOf(key: string, store: S3, signal: AbortSignal): Promise<readonly string[]> {
  const listed = await Array.fromAsync(listVersions(versionPages(store, key, signal)));
  return listed.flatMap((version) => (version.key === key ? [version.versionId] : []));
}
