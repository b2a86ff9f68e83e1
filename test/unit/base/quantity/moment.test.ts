import { expect, test } from 'vitest';
import { renderMoment, renderTime } from '../../../../src/base/quantity/moment.ts';

const at = new Date('2026-11-30T02:00:00Z');

test.each([
  ['UTC', '2026-11-30 02:00 UTC'],
  ['Europe/Berlin', '2026-11-30 03:00 CET'],
  ['America/New_York', '2026-11-29 21:00 EST'],
  ['Asia/Kolkata', '2026-11-30 07:30 UTC+5:30'],
])('an instant in %s', (timeZone, expected) => {
  expect(renderTime(at, timeZone)).toBe(expected);
});

test('the hour that comes twice is told apart', () => {
  const hours = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'];
  expect(hours.map((hour) => renderTime(new Date(hour), 'Europe/Berlin'))).toEqual([
    '2026-10-25 02:30 CEST',
    '2026-10-25 02:30 CET',
  ]);
});

test.each([
  ['2026-11-30T05:04:00Z', '3h 4m ago (2026-11-30 02:00 UTC)'],
  ['2026-11-28T02:00:00Z', 'in 2d (2026-11-30 02:00 UTC)'],
])('seen from %s', (now, expected) => {
  expect(renderMoment(at, { now: new Date(now), timeZone: 'UTC' })).toBe(expected);
});

test('what is no instant is said to be none', () => {
  expect(renderTime(new Date('when?'), 'UTC')).toBe('at no known time');
});
