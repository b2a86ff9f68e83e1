import type { StoredObject } from './repository.ts';
import { objectName, type S3Store } from './s3-client.ts';
import { s3Failure, statusOf } from './s3-failure.ts';

/** What a HEAD showed. */
export interface HeadObject extends StoredObject {
  /** The id that `put` gave to the upload, where the store keeps metadata. */
  readonly uploadId: string | undefined;
}

/** Name of the metadata that tells one upload of a key from another, because ETags cannot be trusted to. */
export const uploadIdName = 'run-plan-upload';

/** Undefined when there is no such object. @throws Failure `repository-*` */
export async function headObject(
  store: S3Store,
  key: string,
  signal?: AbortSignal,
): Promise<HeadObject | undefined> {
  const { sdk, client, location } = store;
  try {
    const found = await client.send(
      new sdk.HeadObjectCommand({ Bucket: location.bucket, Key: objectName(location, key) }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    return {
      key,
      bytes: found.ContentLength ?? 0,
      modifiedAt: found.LastModified ?? new Date(0),
      uploadId: found.Metadata?.[uploadIdName],
      ...(found.VersionId !== undefined && { versionId: found.VersionId }),
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (statusOf(error) === 404) return undefined;
    throw s3Failure(error, 'read', location, key);
  }
}
