import { expect, test } from 'vitest';
import { firstOf } from '../../../../src/base/quantity/first-of.ts';

test('of many names the first are told, and how many there are besides', () => {
  const names = Array.from({ length: 12 }, (_, index) => `t${index}`);
  expect(firstOf(names.slice(0, 5))).toBe('t0, t1, t2, t3, t4');
  expect(firstOf(names)).toBe('t0, t1, t2, t3, t4 and 7 more');
  expect(firstOf(names, 2, '; ')).toBe('t0; t1; and 10 more');
});
