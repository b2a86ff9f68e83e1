import { isDeepStrictEqual } from 'node:util';
import type { S3 } from '../s3/client.ts';
import { contentHeaders, copyOfName, isEtagLost } from '../s3/copy.ts';
import { plainEtag } from '../s3/listing.ts';
import { headVersion, tagsOf, type ObjectHead } from '../s3/object.ts';

/**
 * Whether the current version of a key is as good as another one, so that it need not be copied again: a copy of it by
 * its metadata, or the same size, ETag, headers, metadata, encryption and tags. The ETag alone is not enough, because
 * whoever puts the same bytes with another content type has changed the object.
 */
export async function isSameObject(
  store: S3,
  key: string,
  current: { readonly versionId: string },
  wanted: { readonly versionId: string; readonly head: ObjectHead },
  signal: AbortSignal,
  /** Where the wanted one lies, when that is elsewhere. */
  wantedStore: S3 = store,
): Promise<boolean> {
  const head = await headVersion(store, key, current.versionId, signal);
  if (head.ContentLength !== wanted.head.ContentLength) return false;
  if (head.Metadata?.[copyOfName] === wanted.versionId) return true;
  if (plainEtag(head.ETag) !== plainEtag(wanted.head.ETag) || isEtagLost(wanted.head)) return false;
  if (!isDeepStrictEqual(shownBy(head), shownBy(wanted.head))) return false;
  const [tags, wantedTags] = await Promise.all([
    tagsOf(store, key, current.versionId, signal),
    tagsOf(wantedStore, key, wanted.versionId, signal),
  ]);
  return isDeepStrictEqual(tags, wantedTags);
}

function shownBy(head: ObjectHead): object {
  const { ServerSideEncryption, SSEKMSKeyId, Metadata = {} } = head;
  return { ...contentHeaders(head), ServerSideEncryption, SSEKMSKeyId, Metadata };
}
