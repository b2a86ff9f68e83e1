import { compareKeys } from '../s3/key-order.ts';
import type { PresentObject } from './objects-at.ts';
import type { Reference } from './references.ts';

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
