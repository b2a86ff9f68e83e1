import { expect, test } from 'vitest';
import { judgeSize } from '../../../../src/check/watch/size-history.ts';

const bounds = { smallest: 0.5, largest: 2 };

test.each([
  [100, [100], true],
  [51, [100], true],
  [50, [100], false],
  [199, [100], true],
  [200, [100], false],
  // One odd artifact does not move the median.
  [100, [100, 10, 100, 90, 110], true],
  [100, [10, 10, 10, 100], false],
  [60, [100, 120], true],
  [54, [100, 120], false],
])('%i bytes after %j: usual %s', (bytes, former, isUsual) => {
  expect(judgeSize(bytes, former, bounds)).toMatchObject({ isUsual });
});

test('the first artifact has nothing to be like', () => {
  expect(judgeSize(100, [], bounds)).toBeUndefined();
});

test('says what it was held against', () => {
  expect(judgeSize(50_000_000, [100_000_000, 110_000_000, 90_000_000], bounds)).toEqual({
    usualBytes: 100_000_000,
    share: 0.5,
    isUsual: false,
    found: '50.0 MB, 50 % of the median of the 3 before (100 MB)',
  });
});
