import { Failure } from '../base/failure.ts';
import { readStoreClock } from '../s3/bucket.ts';
import { openS3, urlOf } from '../s3/client.ts';
import type { S3Location } from '../language/environment/environment.ts';
import type { TaskContext } from '../task/contract.ts';
import type { Manifest } from './manifest.ts';

/** The recovery point on the clock of the uploads bucket, as a manifest has it. */
export type UploadsInstant = NonNullable<Manifest['recoveryPoint']['uploads']>;

/** A `Date` header has whole seconds, rounded down. */
const resolutionMs = 1000;
/** While the snapshot is held, nothing else waits for the bucket. */
const limitMs = 30_000;

/** Which bucket it is, for machines: two settings with the same identity are one. */
export function uploadsIdentity(location: S3Location): string {
  return `${urlOf(location)} at ${location.endpoint ?? 'aws'}`;
}

/**
 * Reads the uploads bucket's own clock right after the dump's snapshot was taken; undefined where the environment has no
 * bucket of uploads.
 *
 * The time is rounded up to the last millisecond of the second. An application puts a file first and commits the row
 * after it, so a second rounded down would leave out files that the snapshot names. The price is that up to a second of
 * later uploads counts as there: they show as orphans, and are never missing.
 *
 * A bucket that does not answer does not fail the dump: no database may go without its backup because of a bucket next
 * to it. It is a warning of the run, and the manifest says why there is no time, so that a restore to this recovery
 * point fails with the reason and not with a guess.
 */
export async function readUploadsInstant(
  context: Pick<TaskContext, 'environment' | 'secrets' | 'signal' | 'clock' | 'report'>,
): Promise<UploadsInstant | undefined> {
  const { environment, secrets, signal, clock, report } = context;
  if (environment.uploads?.store.kind !== 's3') return undefined;
  const location = uploadsIdentity(environment.uploads.store.s3);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  try {
    const store = await openS3(environment.uploads.store.s3, secrets);
    try {
      const askedMs = clock.now().getTime();
      const time = await readStoreClock(store, limit);
      return {
        location,
        time: new Date(time.getTime() + resolutionMs - 1).toISOString(),
        resolutionMs,
        skewMs: skewOf(time, askedMs, clock.now().getTime()),
      };
    } finally {
      store.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    const unread = error instanceof Failure ? error.message : 'it did not answer in time';
    report.warn(
      `the clock of ${location} could not be read: uploads cannot be brought back to this dump's instant by its name. ${unread}`,
    );
    return { location, time: null, resolutionMs, skewMs: null, unread };
  }
}

/** The store's clock minus the host's, milliseconds: a Date is half a second behind on average. */
export function skewOf(storeTime: Date, askedMs: number, answeredMs: number): number {
  return Math.round(storeTime.getTime() + resolutionMs / 2 - (askedMs + answeredMs) / 2);
}
