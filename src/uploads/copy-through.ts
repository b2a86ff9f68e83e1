import { Readable } from 'node:stream';
import { objectName, type S3Store } from '../store/s3-client.ts';
import { statusOf } from '../store/s3-failure.ts';
import type { CopyTarget } from './copy-version.ts';
import type { ObjectVersion } from './object-version.ts';
import { encodeTags, tagsOf } from './same-object.ts';
import { contentHeaders, copyOfName, storageHeaders, type VersionHead } from './version-head.ts';

/**
 * Whether a store has refused to copy by itself: Ceph does for what is encrypted with a key
 * (https://docs.ceph.com/en/latest/radosgw/encryption/).
 */
export function cannotCopy(error: unknown): boolean {
  return statusOf(error) === 501;
}

/** A version's content, or the bytes `range` of it (`bytes=0-99`), as it comes. Errors are the store's own. */
export async function readVersion(
  { sdk, client, location }: S3Store,
  { key, versionId }: Pick<ObjectVersion, 'key' | 'versionId'>,
  range: string | undefined,
  signal: AbortSignal,
): Promise<Readable> {
  const command = new sdk.GetObjectCommand({
    Bucket: location.bucket,
    Key: objectName(location, key),
    VersionId: versionId,
    ...(range !== undefined && { Range: range }),
  });
  const { Body } = await client.send(command, { abortSignal: signal });
  return Body instanceof Readable ? Body : Readable.from([]);
}

/** Copies a version by reading and writing it, with all that it has and a mark. Errors are the store's own. */
export async function copyThrough(
  store: S3Store,
  source: Pick<ObjectVersion, 'key' | 'versionId' | 'bytes'>,
  target: CopyTarget,
  head: VersionHead,
  signal: AbortSignal,
): Promise<string | null> {
  const { sdk, client } = store;
  const tags = (await tagsOf(store, source.key, source.versionId, signal)) ?? [];
  const body = await readVersion(store, source, undefined, signal);
  try {
    const command = new sdk.PutObjectCommand({
      Bucket: target.bucket,
      Key: target.name,
      Body: body,
      ContentLength: source.bytes,
      ...contentHeaders(head),
      ...storageHeaders(head),
      Metadata: { ...head.Metadata, [copyOfName]: source.versionId },
      ...(tags.length > 0 && { Tagging: encodeTags(tags) }),
    });
    const { VersionId } = await client.send(command, { abortSignal: signal });
    return VersionId ?? null;
  } finally {
    body.destroy();
  }
}
