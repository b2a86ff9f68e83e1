/**
 * Does something with each item, several at a time, in no promised order. The first failure ends the others through
 * `stop` and is thrown once all are over; the items' own end is awaited too.
 */
export async function atOnce<Item>(
  items: AsyncGenerator<Item>,
  workers: number,
  stop: AbortController,
  action: (item: Item) => Promise<void>,
): Promise<void> {
  const work = async (): Promise<void> => {
    for (;;) {
      const next = await items.next();
      if (next.done === true || stop.signal.aborted) return;
      await action(next.value);
    }
  };
  const failures: unknown[] = [];
  await Promise.all(
    Array.from({ length: workers }, () =>
      work().catch((error: unknown) => {
        failures.push(error);
        stop.abort(error);
      }),
    ),
  );
  await items.return(undefined);
  if (failures.length > 0) throw failures[0];
}
