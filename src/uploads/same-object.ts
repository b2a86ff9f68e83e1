import { isDeepStrictEqual } from 'node:util';
import { objectName, type S3Store } from '../store/s3-client.ts';
import { statusOf } from '../store/s3-failure.ts';
import { plainEtag } from './version-page.ts';
import { contentHeaders, copyOfName, headOf, type VersionHead } from './version-head.ts';

/** An object's tags, sorted by name; undefined where the store has none or they may not be read. */
export async function tagsOf(
  store: S3Store,
  key: string,
  versionId: string,
  signal: AbortSignal,
): Promise<readonly { readonly Key: string; readonly Value: string }[] | undefined> {
  const { sdk, client, location } = store;
  try {
    const command = new sdk.GetObjectTaggingCommand({
      Bucket: location.bucket,
      Key: objectName(location, key),
      VersionId: versionId,
    });
    const { TagSet = [] } = await client.send(command, { abortSignal: signal });
    return TagSet.map(({ Key = '', Value = '' }) => ({ Key, Value })).sort((a, b) =>
      a.Key < b.Key ? -1 : 1,
    );
  } catch (error) {
    signal.throwIfAborted();
    const status = statusOf(error);
    if (status === 403 || status === 404 || status === 405 || status === 501) return undefined;
    throw error;
  }
}

/** As the header x-amz-tagging. */
export function encodeTags(tags: readonly { readonly Key: string; readonly Value: string }[]): string {
  return tags.map(({ Key, Value }) => `${encodeURIComponent(Key)}=${encodeURIComponent(Value)}`).join('&');
}

/**
 * Whether a copy gets another ETag than its source, as far as anybody can know: one of parts, or one encrypted with a
 * key of KMS. Such a copy bears the source's version id in its metadata.
 */
export function isEtagLost(head: VersionHead): boolean {
  return plainEtag(head.ETag).includes('-') || head.ServerSideEncryption?.startsWith('aws:kms') === true;
}

/**
 * Whether the current version of a key is as good as another one, so that it need not be copied again: a copy of it by
 * its metadata, or the same size, ETag, headers, metadata, encryption and tags. The ETag alone is not enough, because
 * whoever puts the same bytes with another content type has changed the object.
 */
export async function isSameObject(
  store: S3Store,
  key: string,
  current: { readonly versionId: string },
  wanted: { readonly versionId: string; readonly head: VersionHead },
  signal: AbortSignal,
  /** Where the wanted one lies, when that is elsewhere. */
  wantedStore: S3Store = store,
): Promise<boolean> {
  const head = await headOf(store, key, current.versionId, signal);
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

function shownBy(head: VersionHead): object {
  const { ServerSideEncryption, SSEKMSKeyId, Metadata = {} } = head;
  return { ...contentHeaders(head), ServerSideEncryption, SSEKMSKeyId, Metadata };
}
