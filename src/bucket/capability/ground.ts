import { randomBytes } from 'node:crypto';
import type { S3Location } from '../../language/environment/environment.ts';
import { Failure } from '../../base/failure.ts';
import type { S3Store } from '../../store/s3-client.ts';
import { namesOf, statusOf } from '../../store/s3-failure.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { bucketFailure, openBucketStore } from '../bucket-store.ts';

/** Start of the name of every bucket that a probe makes, and of no other. */
export const groundPrefix = 'run-plan-probe-';

/** A bucket that a probe has made for itself, so that no object and no rule of anybody is touched. */
export interface Ground {
  readonly store: S3Store;
  readonly signal: AbortSignal;
}

/** A name that no bucket bears. */
export function groundName(): string {
  return `${groundPrefix}${randomBytes(8).toString('hex')}`;
}

/** A client for a bucket of the same store. Its client is the caller's to destroy. */
export function openGround(location: S3Location, name: string, secrets: Secrets): Promise<S3Store> {
  return openBucketStore({ ...location, bucket: name, prefix: '' }, secrets);
}

/** @throws Failure `repository-*` when the keys may not make buckets or the store does not answer */
export async function makeGround({ store, signal }: Ground, withLock: boolean): Promise<void> {
  const { sdk, client, location } = store;
  const command = new sdk.CreateBucketCommand({
    Bucket: location.bucket,
    ...(withLock && { ObjectLockEnabledForBucket: true }),
  });
  try {
    await client.send(command, { abortSignal: signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** A `Failure` for what making a bucket threw. */
export function groundFailure(error: unknown, location: S3Location): Failure {
  if (statusOf(error) !== 403 || !namesOf(error).includes('AccessDenied'))
    return bucketFailure(error, { doing: 'write the beginning', permission: 's3:CreateBucket' }, location);
  return new Failure(
    'repository-denied',
    `The store at ${location.endpoint ?? 'Amazon S3'} cannot be probed: these access keys may not make a bucket`,
    {
      hint: `allow s3:CreateBucket, s3:DeleteBucket and what is in between for ${groundPrefix}*, or probe with other keys`,
      cause: error,
    },
  );
}

/**
 * Removes a bucket that a probe has made, with everything in it; one that is gone already is no error.
 * @throws Failure `repository-*`
 */
export async function removeGround({ store, signal }: Ground): Promise<void> {
  const { sdk, client, location } = store;
  const { bucket: Bucket } = location;
  // The last guard before anything is deleted: nothing but what a probe made.
  if (!Bucket.startsWith(groundPrefix)) throw new Error(`${Bucket} was not made by a probe`);
  const options = { abortSignal: signal };
  try {
    for (;;) {
      const page = await client.send(new sdk.ListObjectVersionsCommand({ Bucket }), options);
      const listed = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
      if (listed.length === 0) break;
      for (const { Key, VersionId } of listed)
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key, VersionId }), options);
    }
    const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket }), options);
    for (const { Key, UploadId } of Uploads)
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options);
    await client.send(new sdk.DeleteBucketCommand({ Bucket }), options);
  } catch (error) {
    if (namesOf(error).includes('NoSuchBucket')) return;
    throw bucketFailure(error, { doing: 'remove the rest', permission: 's3:DeleteBucket' }, location);
  }
}
