import type { CopyObjectCommandInput } from '@aws-sdk/client-s3';
import { objectName, type S3Store } from '../store/s3-client.ts';
import { copyInParts } from './copy-parts.ts';
import { cannotCopy, copyThrough } from './copy-through.ts';
import type { ObjectVersion } from './object-version.ts';
import { isEtagLost } from './same-object.ts';
import { contentHeaders, copyOfName, storageHeaders, type VersionHead } from './version-head.ts';

/** Sizes in bytes at which the way of copying changes: S3's own, smaller in tests. */
export interface CopyLimits {
  /** What one CopyObject takes. */
  readonly singleBytes: number;
  /** Of one part of a larger object; at least 5 MiB, all but the last. */
  readonly partBytes: number;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html; parts of 512 MiB reach 5 TiB with 10,000. */
export const usualCopyLimits: CopyLimits = { singleBytes: 5 * 1024 ** 3, partBytes: 512 * 1024 ** 2 };

/** Where a copy goes: an object's full name. */
export interface CopyTarget {
  readonly bucket: string;
  readonly name: string;
}

/**
 * Copies a version of a key within the store, with its metadata, tags, encryption and storage class. `head` is needed
 * for every one: only it tells the encryption, and a copy takes the bucket's default otherwise. Gives the id of the
 * version that was made; null where the store does not tell it (Ceph). Errors are the store's own.
 */
export async function copyVersion(
  store: S3Store,
  source: Pick<ObjectVersion, 'key' | 'versionId' | 'bytes'>,
  target: CopyTarget,
  head: VersionHead,
  options: { readonly limits: CopyLimits; readonly signal: AbortSignal },
): Promise<string | null> {
  const { limits, signal } = options;
  const from = copySource(store.location.bucket, objectName(store.location, source.key), source.versionId);
  if (source.bytes > limits.singleBytes) {
    return copyInParts(store, { ...source, from, head }, target, { partBytes: limits.partBytes, signal });
  }
  const { sdk, client } = store;
  const command = new sdk.CopyObjectCommand({
    Bucket: target.bucket,
    Key: target.name,
    CopySource: from,
    TaggingDirective: 'COPY',
    ...metadataOf(head, source.versionId),
    ...storageHeaders(head),
  });
  try {
    const { VersionId } = await client.send(command, { abortSignal: signal });
    return VersionId ?? null;
  } catch (error) {
    if (!cannotCopy(error)) throw error;
    return copyThrough(store, source, target, head, signal);
  }
}

/**
 * The store copies the metadata itself, exactly, wherever the ETag will tell later that this is a copy. Otherwise it is
 * given anew with a mark.
 */
function metadataOf(head: VersionHead, versionId: string): Partial<CopyObjectCommandInput> {
  if (!isEtagLost(head)) return { MetadataDirective: 'COPY' };
  return {
    MetadataDirective: 'REPLACE',
    ...contentHeaders(head),
    Metadata: { ...head.Metadata, [copyOfName]: versionId },
  };
}

/**
 * The header is a path and is decoded by the store: every byte that is not unreserved is encoded, but for the slashes
 * between parts. `encodeURIComponent` leaves !'()* as they are, which a signature may not.
 */
export function copySource(bucket: string, name: string, versionId: string): string {
  const path = name.split('/').map(encodeStrictly).join('/');
  return `${bucket}/${path}?versionId=${encodeStrictly(versionId)}`;
}

function encodeStrictly(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
