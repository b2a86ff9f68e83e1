import type { ByteText } from './byte-text.ts';

interface Named {
  readonly name: ByteText;
}

/** What two ordered sequences have of one name. */
export type Pair<Left, Right> =
  | { readonly left: Left; readonly right: Right | undefined }
  | { readonly left: undefined; readonly right: Right };

/**
 * Pairs two sequences that ascend by name, holding one item of each. Ends both, also when it is not read to its end.
 * @throws Error for a name that does not come after the one before: the pairs would be wrong from there on
 */
export async function* mergeJoin<Left extends Named, Right extends Named>(
  lefts: AsyncGenerator<Left>,
  rights: AsyncGenerator<Right>,
): AsyncGenerator<Pair<Left, Right>> {
  try {
    const nextLeft = ascending(lefts);
    const nextRight = ascending(rights);
    let left = await nextLeft();
    let right = await nextRight();
    for (;;) {
      if (left === undefined && right === undefined) return;
      if (left !== undefined && (right === undefined || left.name < right.name)) {
        yield { left, right: undefined };
        left = await nextLeft();
      } else if (right !== undefined && (left === undefined || right.name < left.name)) {
        yield { left: undefined, right };
        right = await nextRight();
      } else if (left !== undefined) {
        yield { left, right };
        left = await nextLeft();
        right = await nextRight();
      }
    }
  } finally {
    await Promise.all([lefts.return(undefined), rights.return(undefined)]);
  }
}

function ascending<Item extends Named>(items: AsyncGenerator<Item>): () => Promise<Item | undefined> {
  let last: ByteText | undefined;
  return async () => {
    const next = await items.next();
    if (next.done === true) return undefined;
    const item: Item = next.value;
    if (last !== undefined && item.name <= last)
      throw new Error(`'${item.name}' came after '${last}', out of order`);
    last = item.name;
    return item;
  };
}
