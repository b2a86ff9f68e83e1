import type { S3Location } from '../language/environment/environment.ts';
import type { Secrets } from '../language/secret-reference.ts';
import { openS3, type S3, type S3Options } from '../s3/client.ts';

/** Settings are small: what takes longer than this does not answer. Milliseconds. */
const limits = { connectionMs: 5000, idleMs: 15_000, requestMs: 20_000 };

/** A bucket for the sake of its settings. Nothing is sent and no secret resolved before the first request; close it. */
export function openBucket(location: S3Location, secrets: Secrets, options: S3Options = {}): Promise<S3> {
  return openS3(location, secrets, { ...options, limits: { ...limits, ...options.limits } });
}
