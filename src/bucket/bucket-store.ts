import { createHash } from 'node:crypto';
import type { S3Location } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { openStore, type S3Limits, type S3Store } from '../store/s3-client.ts';
import { namesOf, s3Failure, statusOf } from '../store/s3-failure.ts';
import type { Secrets } from '../language/secret-reference.ts';

/** Settings are small: what takes longer than this does not answer. Milliseconds. */
const limits: S3Limits = { connectionMs: 5000, idleMs: 15_000, requestMs: 20_000, attempts: 4 };

/** A client for a bucket's settings. Nothing is sent and no secret resolved before the first request; destroy it. */
export async function openBucketStore(location: S3Location, secrets: Secrets): Promise<S3Store> {
  const store = await openStore(location, secrets, limits);
  if (location.endpoint === undefined) return store;
  // Stores that are not Amazon's want a Content-MD5 with settings; the SDK sends its own checksums only.
  store.client.middlewareStack.add(
    (next) => (args) => {
      addContentMd5(args.request);
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'contentMd5' },
  );
  return store;
}

function addContentMd5(request: unknown): void {
  if (typeof request !== 'object' || request === null || !('body' in request && 'headers' in request)) return;
  const { body, headers } = request;
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return;
  const given = headers as Record<string, string>;
  given['content-md5'] ??= createHash('md5').update(body).digest('base64');
}

/** One question or order about a bucket, as messages and hints name it. */
export interface BucketCall {
  /** `read the lifecycle`, `write the policy`. */
  readonly doing: string;
  /** What the keys must be allowed. */
  readonly permission: string;
  /** What to do where the store does not know this call. */
  readonly instead?: string;
}

/** Names and statuses of answers that mean: this store does not do that. */
const unknownCalls: ReadonlySet<string> = new Set(['NotImplemented', 'MethodNotAllowed', '501', '405']);

/** A `Failure` for what a call threw. @throws nothing */
export function bucketFailure(error: unknown, call: BucketCall, location: S3Location): Failure {
  if (error instanceof Failure) return error;
  const names = namesOf(error);
  const at = location.endpoint === undefined ? '' : ` at ${location.endpoint}`;
  const subject = `${call.doing} of bucket ${location.bucket}${at}`;
  if (names.some((name) => unknownCalls.has(name))) return storeLacks(subject, call.instead, error);
  const failure = s3Failure(error, call.doing.startsWith('read') ? 'read' : 'store', location);
  const isForbidden =
    names.includes('AccessDenied') || (statusOf(error) === 403 && names.includes('Forbidden'));
  if (!isForbidden) return failure;
  return new Failure('repository-denied', `Cannot ${subject}: access is denied`, {
    hint: `allow ${call.permission} to the bucket's access keys, or give the bucket access-key-id and secret-access-key of its own`,
    cause: error,
  });
}

/** The store cannot do what the YAML asks for. */
export function storeLacks(subject: string, instead: string | undefined, cause?: unknown): Failure {
  return new Failure('store-lacks', `Cannot ${subject}: the store does not do that`, {
    hint: instead ?? 'leave the setting out of the YAML, or use a store that has it',
    ...(cause !== undefined && { cause }),
  });
}
