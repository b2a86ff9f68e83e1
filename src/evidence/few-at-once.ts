/** Does something with each item, no more than `limit` at once, and gives the results in the items' order. */
export async function fewAtOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += limit)
    results.push(...(await Promise.all(items.slice(at, at + limit).map(action))));
  return results;
}
