import { expect, test } from 'vitest';
import { checkKey } from '../../../src/store/key.ts';

test.each([
  'a',
  'pg_cleaning_20250101T020000Z.dump.zst',
  'runs/nightly/1.json',
  'ü/日本',
  '...',
  'a..b',
  '.hidden',
])('the key %j is one', (key) => {
  expect(() => {
    checkKey(key);
  }).not.toThrow();
});

test.each([
  '',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  'a/../b',
  'a/.',
  'a\0',
  'a\nb',
  '.partial-1',
  'a/.partial-1',
  'ü'.repeat(128),
])('the key %j is none', (key) => {
  expect(() => {
    checkKey(key);
  }).toThrow(expect.objectContaining({ code: 'repository-write', where: key }));
});
