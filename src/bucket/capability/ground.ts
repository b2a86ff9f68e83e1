import { randomBytes } from 'node:crypto';
import type { S3Location } from '../../language/environment/environment.ts';
import { Failure } from '../../base/failure.ts';
import { createBucket, removeBucket } from '../../s3/bucket.ts';
import type { S3 } from '../../s3/client.ts';
import { isNamed } from '../../s3/failure.ts';
import { listUploads } from '../../s3/listing.ts';
import { removeObject } from '../../s3/object.ts';
import { listVersions, versionPages } from '../../s3/versions.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { openBucket } from '../open-bucket.ts';

/** Start of the name of every bucket that a probe makes, and of no other. */
export const groundPrefix = 'run-plan-probe-';

/** A bucket that a probe has made for itself, so that no object and no rule of anybody is touched. */
export interface Ground {
  readonly store: S3;
  readonly signal: AbortSignal;
}

/** A name that no bucket bears. */
export function groundName(): string {
  return `${groundPrefix}${randomBytes(8).toString('hex')}`;
}

/** A client for a bucket of the same store. It is the caller's to close. */
export function openGround(location: S3Location, name: string, secrets: Secrets): Promise<S3> {
  return openBucket({ ...location, bucket: name, prefix: '' }, secrets);
}

/** @throws Failure `repository-*` when the keys may not make buckets or the store does not answer */
export async function makeGround({ store, signal }: Ground, withLock: boolean): Promise<void> {
  await createBucket(store, { withLock, signal });
}

/** What making a bucket threw, in the words of a probe. */
export function groundFailure(error: unknown, location: S3Location): unknown {
  if (!isNamed(error, 'AccessDenied')) return error;
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
  const { bucket } = store.location;
  // The last guard before anything is deleted: nothing but what a probe made.
  if (!bucket.startsWith(groundPrefix)) throw new Error(`${bucket} was not made by a probe`);
  try {
    for await (const { key, versionId } of listVersions(versionPages(store, '', signal)))
      await removeObject(store, key, { versionId, signal });
    for await (const upload of listUploads(store, signal)) await upload.abort();
    await removeBucket(store, signal);
  } catch (error) {
    if (!isNamed(error, 'NoSuchBucket')) throw error;
  }
}
