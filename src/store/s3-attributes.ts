import type { StorageClass } from '@aws-sdk/client-s3';
import type { PutOptions } from './repository.ts';
import type { S3Store } from './s3-client.ts';
import { s3Failure, statusOf } from './s3-failure.ts';
import type { Upload } from './s3-finish.ts';
import { uploadIdName } from './s3-head.ts';

type Tags = Readonly<Record<string, string>>;

/** What an object is made with, in one request or in parts. */
export function attributesOf(store: S3Store, id: string, options: PutOptions): Upload['attributes'] {
  const { encryption, storageClass } = store.location;
  return {
    Metadata: { [uploadIdName]: id },
    ...(options.contentType !== undefined && { ContentType: options.contentType }),
    ...(options.tags !== undefined && { Tagging: encodeTags(options.tags) }),
    ...(encryption !== undefined && { ServerSideEncryption: encryption.algorithm }),
    ...(encryption?.key !== undefined && { SSEKMSKeyId: encryption.key }),
    ...(storageClass !== undefined && { StorageClass: storageClass as StorageClass }),
  };
}

/** As a query, with %20 for spaces: not every store takes the + of forms. */
function encodeTags(tags: Tags): string {
  return Object.entries(tags)
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&');
}

/**
 * Tags an object that was uploaded in parts, because some stores (Ceph) drop the tags that such an upload begins with,
 * and lifecycle rules go by them. AWS does not, and may allow tags only with the upload.
 * @throws Failure `repository-*`; not where the store has no tags at all.
 */
export async function tag(upload: Upload, tags: Tags): Promise<void> {
  const { sdk, client, location } = upload.store;
  if (location.endpoint === undefined) return;
  const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  try {
    await client.send(new sdk.PutObjectTaggingCommand({ ...upload.target, Tagging: { TagSet } }), {
      abortSignal: upload.signal,
    });
  } catch (error) {
    upload.signal.throwIfAborted();
    const status = statusOf(error);
    if (status !== 501 && status !== 405) throw s3Failure(error, 'store', location, upload.key);
  }
}
