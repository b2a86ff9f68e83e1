import { expect, test } from 'vitest';
import type { Space } from '../../../src/base/free-space.ts';
import { judgeSpace, parseLimit, type SpaceLimits } from '../../../src/check/space.ts';

const limits: SpaceLimits = {
  warn: { share: 0.1 },
  fail: { share: 0.05 },
  warnInodes: 0.1,
  failInodes: 0.05,
};
const roomy: Space = { freeBytes: 50e9, totalBytes: 100e9, freeInodes: 500, totalInodes: 1000 };

test.each([
  ['5%', { share: 0.05 }],
  ['2.5%', { share: 0.025 }],
  ['20GB', { bytes: 20e9 }],
  ['20', undefined],
  ['%', undefined],
])('%s is %j', (text, limit) => {
  expect(parseLimit(text)).toEqual(limit);
});

test.each([
  [{}, ['passed', 'passed'], 0],
  [{ freeBytes: 9e9 }, ['passed', 'passed'], 1],
  [{ freeBytes: 4e9 }, ['failed', 'passed'], 0],
  [{ freeInodes: 99 }, ['passed', 'passed'], 1],
  [{ freeInodes: 49 }, ['passed', 'failed'], 0],
  // btrfs and zfs.
  [{ freeInodes: 0, totalInodes: 0 }, ['passed', 'passed'], 0],
])('%j: %j and %i warnings', (change, states, warnings) => {
  const { checks, near } = judgeSpace('/srv', { ...roomy, ...change }, limits);
  expect(checks.map(({ state }) => state)).toEqual(states);
  expect(near).toHaveLength(warnings);
});

test('a size is a limit as well, and the words say what is left', () => {
  const { checks, near } = judgeSpace('/srv', roomy, { ...limits, fail: { bytes: 60e9 } });
  expect(checks[0]).toEqual({
    name: 'space of /srv',
    state: 'failed',
    expected: 'at least 60GB free',
    found: '50.0 GB of 100 GB free (50.0 %)',
  });
  expect(near).toEqual([]);
});
