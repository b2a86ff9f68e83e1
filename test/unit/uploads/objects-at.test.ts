import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { KeyHistory } from '../../../src/uploads/key-history.ts';
import type { ObjectVersion } from '../../../src/uploads/object-version.ts';
import { objectsAt } from '../../../src/uploads/objects-at.ts';

function histories(...objects: (readonly [key: string, bytes: number])[]): AsyncIterable<KeyHistory> {
  const all = objects.map(([key, bytes]): KeyHistory => {
    const object: ObjectVersion = {
      kind: 'object',
      key,
      bytes,
      at: 5,
      versionId: 'v',
      etag: 'e',
      storageClass: 'STANDARD',
      latest: true,
    };
    return {
      key,
      now: object,
      below: undefined,
      then: object,
      oldest: object,
      versions: 1,
      nullAt: undefined,
      agrees: true,
      overtaken: undefined,
    };
  });
  return Readable.from(all);
}

test('folders that consoles draw and canaries of lifecycle rules are nobody’s uploads', async () => {
  const found: string[] = [];
  const objects = histories(
    ['photos/', 0],
    ['photos/a.jpg', 3],
    ['photos/.run-plan-canary/0123456789abcdef', 1],
    ['photos/.run-plan-canary/mine.jpg', 3],
  );
  for await (const { key } of objectsAt(objects)) found.push(key);
  expect(found).toEqual(['photos/a.jpg', 'photos/.run-plan-canary/mine.jpg']);
});
