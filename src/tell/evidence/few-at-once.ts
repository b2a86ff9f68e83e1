/**
 * Does something with each item, no more than `limit` at once, and gives the results in the items' order. When one
 * fails, those beside it come to their end before that is thrown.
 */
export async function fewAtOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += limit) {
    const settled = await Promise.allSettled(items.slice(at, at + limit).map(action));
    for (const each of settled) {
      if (each.status === 'rejected') throw each.reason;
      results.push(each.value);
    }
  }
  return results;
}
