import { expect, test } from 'vitest';
import { withinTimeLimit } from '../../../../src/base/http/time-limit.ts';

test('what ends in time gives its result', () => {
  expect(withinTimeLimit(() => 42)).toEqual({ result: 42 });
  expect(withinTimeLimit(() => undefined)).toEqual({ result: undefined });
});

test('a regular expression that tries all ways is ended', () => {
  const text = `${'a'.repeat(50)}b`;
  expect(withinTimeLimit(() => /^(a+)+$/.test(text), 200)).toBeUndefined();
});

test('what it throws is thrown', () => {
  const error = new Error('broken');
  expect(() =>
    withinTimeLimit(() => {
      throw error;
    }),
  ).toThrow(error);
});
