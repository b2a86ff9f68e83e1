/**
 * Works on a stream's items, `lanes` of them at a time, and takes the next only when one is done: memory holds no more.
 * The first failure aborts the signal that the others work under, and is thrown once all are over.
 */
export async function inLanes<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  lanes: number,
  signal: AbortSignal,
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    try {
      for (;;) {
        either.throwIfAborted();
        const next = await iterator.next();
        if (next.done === true) return;
        await work(next.value, either);
      }
    } catch (error) {
      own.abort(error);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await iterator.return?.();
  either.throwIfAborted();
}
