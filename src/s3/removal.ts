import { defined } from '../base/defined.ts';
import { Failure } from '../base/failure.ts';
import { ask } from './ask.ts';
import { objectName, type S3 } from './client.ts';
import { isNamed, s3Failure, statusOf } from './failure.ts';
import { removeObject } from './object.ts';
import { forEachOf } from '../base/waiting.ts';

/** What one DeleteObjects request takes. */
const batchSize = 1_000;
/** Single removals at a time, for stores that refuse batches. */
const singlesInFlight = 8;

interface Refusal {
  readonly key: string;
  readonly failure: Failure;
}

/**
 * Removes objects, a thousand a request; missing ones are not an error. A batch answers 200 also when it removed
 * nothing, so each key's own error is read.
 * @throws Failure `repository-denied` or `repository-write` naming the first keys that were refused, after all others
 * were removed.
 */
export async function removeObjects(
  s3: S3,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const refusals: Refusal[] = [];
  for (let start = 0; start < keys.length; start += batchSize) {
    signal?.throwIfAborted();
    refusals.push(...(await removeBatch(s3, keys.slice(start, start + batchSize), signal)));
  }
  const [first] = refusals;
  if (first === undefined) return;
  if (refusals.length === 1) throw first.failure;
  const named = refusals
    .slice(0, 3)
    .map((refusal) => refusal.key)
    .join(', ');
  const { code, message, hint, fields } = first.failure;
  throw new Failure(
    code,
    `${refusals.length} of ${keys.length} keys could not be removed (${named}${refusals.length > 3 ? ', …' : ''}). ${message}`,
    { cause: first.failure, fields, ...defined({ hint }) },
  );
}

async function removeBatch(
  s3: S3,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Refusal[]> {
  const { location, abilities } = s3;
  if (!abilities.batchRemoval || keys.length === 1) return await removeSingly(s3, keys, signal);
  const byName = new Map(keys.map((key) => [objectName(location, key), key]));
  const Objects = [...byName.keys()].map((Key) => ({ Key }));
  try {
    const answer = await ask(
      s3,
      { action: 'remove', signal, withMd5: true },
      (sdk) => new sdk.DeleteObjectsCommand({ Bucket: location.bucket, Delete: { Objects, Quiet: true } }),
    );
    return (answer.Errors ?? []).flatMap(({ Key = '', Code = 'unknown', Message = '' }) => {
      if (Code === 'NoSuchKey') return [];
      const key = byName.get(Key) ?? Key;
      const error = Object.assign(new Error(Message), { name: Code });
      return [{ key, failure: s3Failure(error, { action: 'remove', key }, location) }];
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!isRefusedBatch(error)) throw error;
    abilities.batchRemoval = false;
    return await removeSingly(s3, keys, signal);
  }
}

/** Stores that know no batches, or want them in another form. */
function isRefusedBatch(error: unknown): boolean {
  const status = statusOf(error);
  if (status === 501 || status === 405) return true;
  return isNamed(
    error,
    'InvalidRequest',
    'InvalidDigest',
    'BadDigest',
    'MalformedXML',
    'InvalidArgument',
    'MissingContentMD5',
  );
}

/** What is about one key is told at the end; a store that is away ends it at once. */
async function removeSingly(
  s3: S3,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  await forEachOf(keys, { atOnce: singlesInFlight, signal }, async (key, own) => {
    try {
      await removeObject(s3, key, { signal: own });
    } catch (error) {
      own.throwIfAborted();
      if (!(error instanceof Failure) || statusOf(error) === undefined) throw error;
      if (!isNamed(error, 'NoSuchKey')) refusals.push({ key, failure: error });
    }
  });
  return refusals;
}
