import { expect, test } from 'vitest';
import { createBudget } from '../../../../src/uploads/sync/budget.ts';
import { shownName } from '../../../../src/uploads/sync/byte-text.ts';
import { createNameFilter } from '../../../../src/uploads/sync/name-filter.ts';
import { deletionFault } from '../../../../src/uploads/sync/remove-extras.ts';
import { isPlainMd5 } from '../../../../src/uploads/sync/same-content.ts';
import { contentTypeOf } from '../../../../src/uploads/sync/store-file.ts';
import { decodeName } from '../../../../src/s3/listing.ts';

test.each([
  [{ extras: 0, objects: 0, files: 0, limitPercent: 0 }, undefined],
  [{ extras: 1, objects: 4, files: 3, limitPercent: 25 }, undefined],
  [{ extras: 2, objects: 4, files: 2, limitPercent: 25 }, '2 of 4 objects would go, more than 25 %'],
  [{ extras: 1, objects: 200, files: 199, limitPercent: 0 }, '1 of 200 objects would go, more than 0 %'],
  [{ extras: 4, objects: 4, files: 1, limitPercent: 100 }, undefined],
  [{ extras: 4, objects: 4, files: 0, limitPercent: 100 }, 'the folder has no files'],
])('deletions of %j: %s', (count, fault) => {
  expect(deletionFault(count)).toBe(fault);
});

test.each([
  ['*.jpg', 'deep/er/a.jpg', true],
  ['*.jpg', 'a.jpg.txt', false],
  ['/*.jpg', 'deep/a.jpg', false],
  ['/*.jpg', 'a.jpg', true],
  ['photos/**', 'photos/.x/a', true],
  ['photos/**', 'more/photos/a', false],
  ['node_modules', 'a/node_modules/b/c', true],
  ['cache/', 'a/cache/b', true],
  ['*', '.hidden', true],
  ['{a b,c}.txt', 'x/a b.txt', true],
])('the glob %s excludes %s: %s', async (glob, key, isExcluded) => {
  const filter = await createNameFilter({ include: [], exclude: [glob] });
  expect(filter.takes(key)).toBe(!isExcluded);
});

test('what is excluded counts for more than what is included', async () => {
  const filter = await createNameFilter({ include: ['*.jpg'], exclude: ['tmp'] });
  expect(['a.jpg', 'tmp/a.jpg', 'a.pdf'].map((key) => filter.takes(key))).toEqual([true, false, false]);
});

test('memory is given in turn, and more than there is counts as all of it', async () => {
  const memory = createBudget(10);
  const order: string[] = [];
  const first = await memory.take(6);
  const large = memory.take(100).then((giveBack) => {
    order.push('large');
    return giveBack;
  });
  const small = memory.take(1).then(() => order.push('small'));
  await Promise.resolve();
  expect(order).toEqual([]);
  first();
  (await large)();
  await small;
  expect(order).toEqual(['large', 'small']);
});

test('names and ETags are read as they are meant', () => {
  expect(decodeName('a+b%2Bc%20d%0A%C3%BC')).toBe('a b+c d\n\u00c3\u00bc');
  expect(shownName('bad\u00ff')).toBe('bad\\xff');
  expect(shownName('two\nlines \u00c3\u00bc')).toBe('two\\x0alines ü');
  expect(isPlainMd5('d41d8cd98f00b204e9800998ecf8427e')).toBe(true);
  expect(isPlainMd5('d41d8cd98f00b204e9800998ecf8427e-2')).toBe(false);
  expect(['a/b.JPG', 'a.tar.gz', 'a/.jpg', 'none', 'x.d/none'].map(contentTypeOf)).toEqual([
    'image/jpeg',
    'application/gzip',
    undefined,
    undefined,
    undefined,
  ]);
});
