import { expect, test } from 'vitest';
import { checkSpace } from '../../../src/postgres/preflight.ts';

const question = {
  rawBytes: 1_000,
  compressed: true,
  previousBytes: undefined,
  freeBytes: undefined,
  where: '/backups',
};

test('the last dump is the better guess of the next one', () => {
  expect(checkSpace(question)).toBe(500);
  expect(checkSpace({ ...question, compressed: false })).toBe(1_000);
  expect(checkSpace({ ...question, previousBytes: 300 })).toBe(360);
});

test('a store that cannot say how much is free is trusted', () => {
  expect(() => checkSpace(question)).not.toThrow();
});

test('too little free space is told before the dump begins, with both numbers', () => {
  expect(() => checkSpace({ ...question, rawBytes: 4e9, freeBytes: 1e9 })).toThrow(
    '/backups has 1.00 GB free and the dump needs about 2.00 GB',
  );
  expect(() => checkSpace({ ...question, rawBytes: 2e9, freeBytes: 1e9 })).not.toThrow();
});
