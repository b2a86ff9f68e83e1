import { expect, test } from 'vitest';
import { retryDelayMs } from '../../../src/run/step.ts';
import { fc } from '../../fixtures/property.ts';

test('a constant delay is what the plan says', () => {
  expect(retryDelayMs({ times: 2, delayMs: 500, backoff: 'constant' }, 2, () => 0.9)).toBe(500);
});

test('exponential delays double up to ten minutes and lose at most half', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 100_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, delayMs, random) => {
        const delay =
          retryDelayMs({ times: 40, delayMs, backoff: 'exponential' }, attempt, () => random) ?? -1;
        const whole = Math.min(delayMs * 2 ** (attempt - 1), 600_000);
        expect(delay).toBeLessThanOrEqual(whole);
        expect(delay).toBeGreaterThanOrEqual(Math.floor(whole / 2));
      },
    ),
  );
});

test('after the last try there is none', () => {
  expect(retryDelayMs({ times: 0, delayMs: 1, backoff: 'constant' }, 1, () => 0)).toBeUndefined();
});
