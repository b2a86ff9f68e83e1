import { forEachOf } from '../base/waiting.ts';
import type { HashObject } from './object-hash.ts';
import type { PresentObject } from './objects-at.ts';
import type { Reference } from './references.ts';
import type { KeyList } from './refused-keys.ts';
import { compareKeys } from '../s3/key-order.ts';

/** How much of what has a hash is read. */
export type ContentDepth = 'none' | 'whole' | { readonly sampled: number };

export interface CheckOptions {
  readonly references: AsyncIterable<Reference>;
  readonly objects: AsyncIterable<PresentObject>;
  readonly hash: HashObject;
  readonly content: ContentDepth;
  /** Objects written after it, milliseconds since 1970, have time yet to be named by a row. */
  readonly youngSince: number;
  /** When the objects are as of, for their ages. */
  readonly atMs: number;
  readonly lists: Record<'missing' | 'wrongSize' | 'wrongHash' | 'unreadable' | 'orphans', KeyList>;
  readonly signal: AbortSignal;
  /** 0 ≤ n < 1, for the sample. */
  readonly random: () => number;
  readonly onProgress: (compared: number, bytesRead: number) => void;
}

export interface CheckSums {
  /** Rows that name a key, and objects that are there. */
  readonly references: number;
  readonly objects: number;
  readonly objectBytes: number;
  readonly orphanBytes: number;
  readonly oldestOrphan: { readonly key: string; readonly ageMs: number } | undefined;
  readonly young: number;
  readonly hashed: number;
  readonly hashedBytes: number;
}

/** Contents read at once. */
const readsAtOnce = 8;

type Found = Extract<Comparison, { kind: 'found' }>;

/**
 * Compares rows with objects in one pass, and reads contents as deep as asked: all of them on the way, or a sample that
 * is drawn on the way and read afterwards. Findings go to their lists; memory holds the sample and no more.
 */
export async function checkUploads(options: CheckOptions): Promise<CheckSums> {
  const { lists, content, atMs, youngSince, signal } = options;
  const sums = {
    references: 0,
    objects: 0,
    objectBytes: 0,
    orphanBytes: 0,
    young: 0,
    hashed: 0,
    hashedBytes: 0,
  };
  let oldestOrphan: CheckSums['oldestOrphan'];
  let lastFound: string | undefined;
  const sample: Found[] = [];
  let candidates = 0;
  const read = async ({ reference, object }: Found, own: AbortSignal): Promise<void> => {
    const bytes = await compareHash(options, reference, object, own);
    sums.hashed += 1;
    sums.hashedBytes += bytes;
  };
  await forEachOf(
    compareReferences(options.references, options.objects),
    { atOnce: content === 'whole' ? readsAtOnce : 1, signal },
    async (comparison, own) => {
      if (comparison.kind !== 'orphan') sums.references += 1;
      if (comparison.kind !== 'missing' && comparison.object.key !== lastFound) {
        lastFound = comparison.object.key;
        sums.objects += 1;
        sums.objectBytes += comparison.object.bytes;
      }
      if ((sums.references + sums.objects) % 1000 === 0)
        options.onProgress(sums.references, sums.hashedBytes);
      switch (comparison.kind) {
        case 'missing':
          return lists.missing.add(comparison.reference.key, { finding: 'missing' });
        case 'wrong-size': {
          const { reference, object } = comparison;
          return lists.wrongSize.add(object.key, {
            finding: 'wrong-size',
            expected: reference.bytes,
            found: object.bytes,
          });
        }
        case 'orphan': {
          const { key, bytes, at } = comparison.object;
          if (at > youngSince) {
            sums.young += 1;
            return;
          }
          sums.orphanBytes += bytes;
          const ageMs = Math.max(0, atMs - at);
          if (oldestOrphan === undefined || ageMs > oldestOrphan.ageMs) oldestOrphan = { key, ageMs };
          return lists.orphans.add(key, { finding: 'orphan', bytes, writtenAt: new Date(at).toISOString() });
        }
        case 'found': {
          if (comparison.reference.sha256 === undefined && comparison.reference.md5 === undefined) return;
          if (content === 'whole') return read(comparison, own);
          if (content !== 'none')
            keepSample(sample, comparison, content.sampled, (candidates += 1), options.random);
        }
      }
    },
  );
  await forEachOf(sample, { atOnce: readsAtOnce, signal }, read);
  return { ...sums, oldestOrphan };
}

/** Each of the candidates so far is in the sample with the same chance. */
function keepSample(sample: Found[], found: Found, size: number, seen: number, random: () => number): void {
  if (sample.length < size) sample.push(found);
  else {
    const place = Math.floor(random() * seen);
    if (place < size) sample[place] = found;
  }
}

async function compareHash(
  { hash, lists }: CheckOptions,
  { sha256, md5 }: Reference,
  object: PresentObject,
  signal: AbortSignal,
): Promise<number> {
  const expected = sha256 ?? md5;
  try {
    const found = await hash(object, sha256 === undefined ? 'md5' : 'sha256', signal);
    if (found !== expected) await lists.wrongHash.add(object.key, { finding: 'wrong-hash', expected, found });
    return object.bytes;
  } catch (error) {
    signal.throwIfAborted();
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    await lists.unreadable.add(object.key, { finding: 'unreadable', message });
    return 0;
  }
}

/** One key of the rows, of the bucket, or of both. */
export type Comparison =
  | { readonly kind: 'missing'; readonly reference: Reference }
  | { readonly kind: 'orphan'; readonly object: PresentObject }
  | { readonly kind: 'wrong-size'; readonly reference: Reference; readonly object: PresentObject }
  | { readonly kind: 'found'; readonly reference: Reference; readonly object: PresentObject };

/**
 * Holds two streams against each other, both in the order of the keys' bytes, with one entry of each in memory. Rows
 * that name the same key are each compared; a missing key is told once.
 */
export async function* compareReferences(
  references: AsyncIterable<Reference>,
  objects: AsyncIterable<PresentObject>,
): AsyncGenerator<Comparison> {
  const iterator = objects[Symbol.asyncIterator]();
  let object = await nextOf(iterator);
  /** The last key that a row named. */
  let named: string | undefined;
  let missing: string | undefined;
  for await (const reference of references) {
    while (object !== undefined && compareKeys(object.key, reference.key) < 0) {
      if (object.key !== named) yield { kind: 'orphan', object };
      object = await nextOf(iterator);
    }
    if (object?.key !== reference.key) {
      if (missing !== reference.key) yield { kind: 'missing', reference };
      missing = reference.key;
      continue;
    }
    named = reference.key;
    const isWrong = reference.bytes !== undefined && reference.bytes !== object.bytes;
    yield { kind: isWrong ? 'wrong-size' : 'found', reference, object };
  }
  for (; object !== undefined; object = await nextOf(iterator))
    if (object.key !== named) yield { kind: 'orphan', object };
}

async function nextOf(iterator: AsyncIterator<PresentObject>): Promise<PresentObject | undefined> {
  const next = await iterator.next();
  return next.done === true ? undefined : next.value;
}
