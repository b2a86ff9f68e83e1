import type { ObjectVersion } from '../s3/versions.ts';

/** What a listing knows of equal contents: the same size and ETag. Says nothing of metadata. */
export function looksEqual(
  one: Pick<ObjectVersion, 'bytes' | 'etag'>,
  other: Pick<ObjectVersion, 'bytes' | 'etag'>,
): boolean {
  return one.etag !== '' && one.etag === other.etag && one.bytes === other.bytes;
}
