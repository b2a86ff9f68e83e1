import { Failure } from '../base/failure.ts';
import { objectName, type S3Store } from './s3-client.ts';
import { namesOf, s3Failure, statusOf } from './s3-failure.ts';

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
  store: S3Store,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const refusals: Refusal[] = [];
  for (let start = 0; start < keys.length; start += batchSize) {
    signal?.throwIfAborted();
    refusals.push(...(await removeBatch(store, keys.slice(start, start + batchSize), signal)));
  }
  const [first] = refusals;
  if (first === undefined) return;
  if (refusals.length === 1) throw first.failure;
  const named = refusals
    .slice(0, 3)
    .map((refusal) => refusal.key)
    .join(', ');
  throw new Failure(
    first.failure.code,
    `${refusals.length} of ${keys.length} keys could not be removed (${named}${refusals.length > 3 ? ', …' : ''}). ${first.failure.message}`,
    { cause: first.failure, ...(first.failure.hint !== undefined && { hint: first.failure.hint }) },
  );
}

async function removeBatch(
  store: S3Store,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Refusal[]> {
  const { sdk, client, location, abilities } = store;
  if (!abilities.batchRemoval || keys.length === 1) return await removeSingly(store, keys, signal);
  const byName = new Map(keys.map((key) => [objectName(location, key), key]));
  const Objects = [...byName.keys()].map((Key) => ({ Key }));
  try {
    const answer = await client.send(
      new sdk.DeleteObjectsCommand({ Bucket: location.bucket, Delete: { Objects, Quiet: true } }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    return (answer.Errors ?? []).flatMap(({ Key = '', Code = 'unknown', Message = '' }) => {
      if (Code === 'NoSuchKey') return [];
      const key = byName.get(Key) ?? Key;
      const error = Object.assign(new Error(Message), { name: Code });
      return [{ key, failure: s3Failure(error, 'remove', location, key) }];
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!isRefusedBatch(error)) throw s3Failure(error, 'remove', location);
    abilities.batchRemoval = false;
    return await removeSingly(store, keys, signal);
  }
}

/** Stores that want the older Content-MD5, or know no batches. */
function isRefusedBatch(error: unknown): boolean {
  const status = statusOf(error);
  if (status === 501 || status === 405) return true;
  const names = namesOf(error);
  if (
    ['InvalidRequest', 'InvalidDigest', 'BadDigest', 'MalformedXML', 'InvalidArgument'].some((name) =>
      names.includes(name),
    )
  ) {
    return true;
  }
  return error instanceof Error && /content-md5/i.test(error.message);
}

async function removeSingly(
  store: S3Store,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Refusal[]> {
  const { sdk, client, location } = store;
  const refusals: Refusal[] = [];
  const queue = keys.values();
  const work = async (): Promise<void> => {
    for (const key of queue) {
      signal?.throwIfAborted();
      try {
        await client.send(
          new sdk.DeleteObjectCommand({ Bucket: location.bucket, Key: objectName(location, key) }),
          signal === undefined ? {} : { abortSignal: signal },
        );
      } catch (error) {
        signal?.throwIfAborted();
        const failure = s3Failure(error, 'remove', location, key);
        // A store that is away refuses nothing in particular.
        if (statusOf(error) === undefined) throw failure;
        if (!namesOf(error).includes('NoSuchKey')) refusals.push({ key, failure });
      }
    }
  };
  await Promise.all(Array.from({ length: singlesInFlight }, work));
  return refusals;
}
