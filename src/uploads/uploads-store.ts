import { skewOf } from '../artifact/uploads-instant.ts';
import type { Environment, S3Location } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { openStore, urlOf, usualLimits, type S3Limits, type S3Store } from '../store/s3-client.ts';
import { readStoreClock } from '../store/s3-clock.ts';
import { namesOf, s3Failure, type S3Action } from '../store/s3-failure.ts';
import type { Secrets } from '../language/secret-reference.ts';

/** The SDK tries a little less itself: what it gives up, the pace of all requests is slowed down for. */
const limits: S3Limits = { ...usualLimits, attempts: 4 };

/** The bucket of an environment's uploads; its client is the caller's to destroy. @throws Failure `environment-incomplete` */
export function openUploads(environment: Environment, secrets: Secrets): Promise<S3Store> {
  return openStore(bucketOf(environment), secrets, limits);
}

/** @throws Failure `environment-incomplete` where the uploads are no bucket */
export function bucketOf({ name, uploads }: Environment): S3Location {
  if (uploads === undefined)
    throw new Failure('environment-incomplete', `the environment ${name} has no uploads`);
  if (uploads.store.kind === 's3') return uploads.store.s3;
  throw new Failure(
    'environment-incomplete',
    `the uploads of ${name} are a folder, which keeps no versions`,
    {
      hint: 'Only a versioned bucket can be looked at, or brought back, as it was.',
    },
  );
}

/** What a bucket does with the versions of its objects. @throws Failure `repository-*` */
export async function readVersioning(
  store: S3Store,
  signal: AbortSignal,
): Promise<'enabled' | 'suspended' | 'never'> {
  const { sdk, client, location } = store;
  try {
    const command = new sdk.GetBucketVersioningCommand({ Bucket: location.bucket });
    const { Status } = await client.send(command, { abortSignal: signal });
    if (Status === undefined) return 'never';
    return Status === 'Enabled' ? 'enabled' : 'suspended';
  } catch (error) {
    signal.throwIfAborted();
    throw uploadsFailure(error, 'read', location);
  }
}

/** @throws Failure `target-refused` for a bucket that has never kept versions */
export async function requireVersions(store: S3Store, signal: AbortSignal): Promise<'enabled' | 'suspended'> {
  const versioning = await readVersioning(store, signal);
  if (versioning !== 'never') return versioning;
  throw new Failure(
    'target-refused',
    `${urlOf(store.location)} keeps no versions: what it held before is gone`,
    {
      hint: 'Turn versioning on (buckets: versioning: true): from then on every state can be brought back.',
    },
  );
}

/** The store's clock and how far this host's is from it, milliseconds, store minus host, to half a second. */
export interface StoreClock {
  readonly time: Date;
  readonly skewMs: number;
}

/** @throws Failure `repository-*` */
export async function readClock(store: S3Store, now: () => Date, signal: AbortSignal): Promise<StoreClock> {
  const before = now().getTime();
  const time = await readStoreClock(store, signal);
  return { time, skewMs: skewOf(time, before, now().getTime()) };
}

/** As `s3Failure`, with the permissions that uploads need. */
export function uploadsFailure(
  error: unknown,
  action: S3Action,
  location: S3Location,
  key?: string,
): Failure {
  const failure = s3Failure(error, action, location, key);
  if (
    failure.code !== 'repository-denied' ||
    !namesOf(error).some((name) => name === 'AccessDenied' || name === '403')
  )
    return failure;
  return new Failure(failure.code, failure.message, {
    ...(failure.where !== undefined && { where: failure.where }),
    cause: error,
    hint: 'These keys must be allowed s3:ListBucketVersions, s3:GetBucketVersioning, s3:GetObject(Version), s3:GetObject(Version)Tagging, and to restore s3:PutObject, s3:PutObjectTagging and s3:DeleteObject.',
  });
}
