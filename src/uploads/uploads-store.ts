import { skewOf } from '../artifact/uploads-instant.ts';
import type { Environment, S3Location } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { readStoreClock, storedVersioning } from '../s3/bucket.ts';
import { openS3, urlOf, type S3, type S3Options } from '../s3/client.ts';
import type { Secrets } from '../language/secret-reference.ts';

/** The bucket of an environment's uploads, the caller's to close. @throws Failure `environment-incomplete` */
export function openUploads(environment: Environment, secrets: Secrets, options?: S3Options): Promise<S3> {
  return openS3(bucketOf(environment), secrets, options);
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
  store: S3,
  signal: AbortSignal,
): Promise<'enabled' | 'suspended' | 'never'> {
  const status = await storedVersioning.read(store, signal);
  if (status === undefined) return 'never';
  return status === 'Enabled' ? 'enabled' : 'suspended';
}

/** @throws Failure `target-refused` for a bucket that has never kept versions */
export async function requireVersions(store: S3, signal: AbortSignal): Promise<'enabled' | 'suspended'> {
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
export async function readClock(store: S3, now: () => Date, signal: AbortSignal): Promise<StoreClock> {
  const before = now().getTime();
  const time = await readStoreClock(store, signal);
  return { time, skewMs: skewOf(time, before, now().getTime()) };
}
