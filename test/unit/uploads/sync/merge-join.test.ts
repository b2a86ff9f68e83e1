import { expect, test } from 'vitest';
import { mergeJoin } from '../../../../src/uploads/sync/merge-join.ts';
import { fc } from '../../../fixtures/property.ts';

async function* named(names: readonly string[]): AsyncGenerator<{ readonly name: string }> {
  for (const name of names) yield await Promise.resolve({ name });
}

const names = fc.uniqueArray(fc.string({ maxLength: 2 })).map((texts) => texts.sort());

test('every name of both comes once, paired where both have it', async () => {
  await fc.assert(
    fc.asyncProperty(names, names, async (lefts, rights) => {
      const pairs: (readonly [string | undefined, string | undefined])[] = [];
      for await (const { left, right } of mergeJoin(named(lefts), named(rights)))
        pairs.push([left?.name, right?.name]);
      const all = [...new Set([...lefts, ...rights])].sort();
      expect(pairs).toEqual(
        all.map((one) => [lefts.includes(one) ? one : undefined, rights.includes(one) ? one : undefined]),
      );
    }),
  );
});

test('a name out of order is a mistake that ends it', async () => {
  const read = async (): Promise<void> => {
    for await (const _ of mergeJoin(named(['a']), named(['c', 'b']))) continue;
  };
  await expect(read()).rejects.toThrow("'b' came after 'c'");
});
