import type { S3Store } from '../../store/s3-client.ts';
import { statusOf } from '../../store/s3-failure.ts';
import type { Fate } from './judge.ts';
import type { PlantedCanary } from './ledger.ts';

/** What has become of a canary or a control until now. @throws the SDK's errors */
export async function fateOf(canary: PlantedCanary, store: S3Store, signal: AbortSignal): Promise<Fate> {
  const { act, key, versionId } = canary;
  switch (act) {
    case 'is aborted as an unfinished upload':
      return (await isUnfinished(canary, store, signal)) ? 'as planted' : 'gone';
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
export async function clearAway(canary: PlantedCanary, store: S3Store, signal: AbortSignal): Promise<void> {
  const { sdk, client, location } = store;
  const target = { Bucket: location.bucket, Key: canary.key };
  if (canary.uploadId !== undefined) {
    const command = new sdk.AbortMultipartUploadCommand({ ...target, UploadId: canary.uploadId });
    await client.send(command, { abortSignal: signal }).catch(() => undefined);
  }
  for (const VersionId of await versionsOf(canary.key, store, signal).catch(() => []))
    await client
      .send(new sdk.DeleteObjectCommand({ ...target, VersionId }), { abortSignal: signal })
      .catch(() => undefined);
}

/** Undefined for what is not there. */
async function classOf(
  { sdk, client, location }: S3Store,
  Key: string,
  VersionId: string | undefined,
  abortSignal: AbortSignal,
): Promise<string | undefined> {
  try {
    const command = new sdk.HeadObjectCommand({
      Bucket: location.bucket,
      Key,
      ...(VersionId !== undefined && { VersionId }),
    });
    return (await client.send(command, { abortSignal })).StorageClass ?? 'STANDARD';
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

async function isUnfinished(
  { key, uploadId }: PlantedCanary,
  { sdk, client, location }: S3Store,
  abortSignal: AbortSignal,
): Promise<boolean> {
  try {
    const command = new sdk.ListPartsCommand({ Bucket: location.bucket, Key: key, UploadId: uploadId });
    await client.send(command, { abortSignal });
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

/** Ids of the versions and delete markers of a canary's key: a handful. */
async function versionsOf(
  key: string,
  { sdk, client, location }: S3Store,
  abortSignal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const command = new sdk.ListObjectVersionsCommand({ Bucket: location.bucket, Prefix: key });
  const page = await client.send(command, { abortSignal });
  return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].flatMap(({ Key, VersionId }) =>
    Key === key ? [VersionId] : [],
  );
}
