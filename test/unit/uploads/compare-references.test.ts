import { expect, test } from 'vitest';
import { compareReferences } from '../../../src/uploads/check-uploads.ts';
import { compareKeys } from '../../../src/s3/key-order.ts';
import type { PresentObject } from '../../../src/uploads/objects-at.ts';
import type { Reference } from '../../../src/uploads/references.ts';
import { fc } from '../../fixtures/property.ts';

async function* toAsync<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  await Promise.resolve();
  yield* items;
}

function reference(key: string, bytes: number): Reference {
  return { key, bytes, sha256: undefined, md5: undefined };
}

test('the merge finds what a comparison of whole sets finds, also with rows that name a key twice', async () => {
  const keys = fc.array(fc.constantFrom<string>('a', 'b', 'b/', 'b/c', 'é', '😀', '\u{ffee}', 'z'), {
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(
      keys,
      fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'b/c', 'c', '😀', '\u{ffee}')),
      async (rows, there) => {
        const named = rows.toSorted(compareKeys);
        const present = there.toSorted(compareKeys);
        const objects = present.map((key): PresentObject => ({ key, bytes: 1, at: 0, versionId: 'v' }));
        const found: Record<string, string[]> = { missing: [], orphan: [], 'wrong-size': [], found: [] };
        const references = named.map((key) => reference(key, key === 'a' ? 2 : 1));
        for await (const each of compareReferences(toAsync(references), toAsync(objects)))
          found[each.kind]?.push(each.kind === 'missing' ? each.reference.key : each.object.key);
        expect(found['missing']).toEqual([...new Set(named.filter((key) => !present.includes(key)))]);
        expect(found['orphan']).toEqual(present.filter((key) => !named.includes(key)));
        expect(found['wrong-size']).toEqual(named.filter((key) => key === 'a' && present.includes(key)));
        expect(found['found']).toEqual(named.filter((key) => key !== 'a' && present.includes(key)));
      },
    ),
    { numRuns: 1000 },
  );
});
