import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { Failure } from '../base/failure.ts';
import { urlOf, type S3Store } from './s3-client.ts';
import { namesOf, s3Failure, statusOf } from './s3-failure.ts';
import { headObject } from './s3-head.ts';

/** One `put` under way. */
export interface Upload {
  readonly store: S3Store;
  readonly key: string;
  /** Tells this upload's object from any other of the same key. */
  readonly id: string;
  readonly target: { readonly Bucket: string; readonly Key: string };
  /** What the object is made with. */
  readonly attributes: Omit<PutObjectCommandInput, 'Bucket' | 'Key' | 'Body'>;
  /** The caller's signal, or the first failure of a part. */
  readonly signal: AbortSignal;
  /** The key may exist already; what is stored under it becomes a version of it and is never taken away again. */
  readonly replaces?: true;
}

/** For undoing, after a failure or a signal: a run must end within 10 s of one. */
export const undoLimitMs = 5_000;

/** For learning whether a request whose answer was lost was done all the same. */
const answerLimitMs = 30_000;

/**
 * The request that gives the object its key. Stores that do not know `If-None-Match` answer 501 and are asked without.
 * After an error the object may be there all the same, its answer lost: then it bears this upload's id.
 */
export async function finish(
  upload: Upload,
  request: (condition: { IfNoneMatch?: '*' }) => Promise<unknown>,
): Promise<void> {
  const { store, key, signal } = upload;
  try {
    const isConditional = store.abilities.conditionalWrites && upload.replaces !== true;
    await request(isConditional ? { IfNoneMatch: '*' } : {}).catch(async (error: unknown) => {
      if (statusOf(error) !== 501 || !isConditional) throw error;
      store.abilities.conditionalWrites = false;
      await request({});
    });
  } catch (error) {
    if (signal.aborted) {
      await removeOwn(upload);
      throw signal.reason;
    }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]);
    const found = await headObject(store, key, limit).catch(() => undefined);
    if (found?.uploadId === upload.id) return;
    if (statusOf(error) === 412 || namesOf(error).includes('ConditionalRequestConflict'))
      throw existing(upload);
    throw s3Failure(error, 'store', store.location, key);
  }
}

/** @throws Failure `key-exists` */
export async function refuseExisting(upload: Upload): Promise<void> {
  if (upload.replaces === true) return;
  if ((await headObject(upload.store, upload.key, upload.signal)) !== undefined) throw existing(upload);
}

function existing(upload: Upload): Failure {
  const where = urlOf(upload.store.location, upload.key);
  return new Failure('key-exists', `${where} exists already and is never overwritten`, {
    hint: 'Each run makes new names: two runs at once, or a clock that went back?',
    where,
  });
}

/** Removes the object when it is this upload's and nobody else's. */
export async function removeOwn(upload: Upload): Promise<void> {
  // It would hide the version before it as well.
  if (upload.replaces === true) return;
  const { sdk, client } = upload.store;
  const limit = AbortSignal.timeout(undoLimitMs);
  try {
    const found = await headObject(upload.store, upload.key, limit);
    if (found?.uploadId !== upload.id) return;
    await client.send(new sdk.DeleteObjectCommand(upload.target), { abortSignal: limit });
  } catch {
    // The failure that led here is the one to tell; without a manifest the object is debris.
  }
}
