import { expect, test } from 'vitest';
import { counted } from '../../../../src/base/quantity/counted.ts';

test.each([
  [0, 'key', undefined, '0 keys'],
  [1, 'key', undefined, '1 key'],
  [1204411, 'key', undefined, '1,204,411 keys'],
  [1, 'key is', 'keys are', '1 key is'],
  [2, 'key is', 'keys are', '2 keys are'],
])('%d %s', (number, noun, plural, text) => {
  expect(counted(number, noun, plural)).toBe(text);
});
