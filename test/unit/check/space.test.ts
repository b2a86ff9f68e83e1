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
  [{}, ['ok', 'ok']],
  [{ freeBytes: 9e9 }, ['warn', 'ok']],
  [{ freeBytes: 4e9 }, ['fail', 'ok']],
  [{ freeInodes: 99 }, ['ok', 'warn']],
  [{ freeInodes: 49 }, ['ok', 'fail']],
  // btrfs and zfs.
  [{ freeInodes: 0, totalInodes: 0 }, ['ok', 'ok']],
])('%j: %j', (change, states) => {
  expect(judgeSpace('/srv', { ...roomy, ...change }, limits).map(({ state }) => state)).toEqual(states);
});

test('a size is a limit as well, and the words say what is left', () => {
  const [bytes] = judgeSpace('/srv', roomy, { ...limits, fail: { bytes: 60e9 } });
  expect(bytes).toEqual({
    what: 'space of /srv',
    state: 'fail',
    expected: 'at least 60GB free',
    found: '50.0 GB of 100 GB free (50.0 %)',
  });
});
