import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import { whyNotDue } from '../../../src/run/if-due.ts';
import { planOf } from '../place/unit/wanted.ts';

const plan = planOf({
  timeZone: 'Europe/Berlin',
  schedule: [
    { calendar: '*-*-* 02:00:00' },
    { calendar: '*-*-* 00/6:00:00', from: '2026-11-20', until: '2027-01-05' },
  ],
});
const peak = '0 */6 * 1,11,12 * Europe/Berlin';

describe('a run that a scheduler started', () => {
  it.each([
    ['in season, at once', peak, '2026-11-24T05:00:04Z'],
    ['in season, three hours late', peak, '2026-11-24T08:10:00Z'],
    ['on the last day of the season', peak, '2027-01-05T17:00:00Z'],
    ['of another entry', '0 2 * * * Europe/Berlin', '2026-06-01T00:00:00Z'],
    ['in UTC, where no zone is named', '0 1 * * *', '2026-12-01T01:00:00Z'],
    ['by hand, a week after the line has fired', '0 0 1 1 * Europe/Berlin', '2027-01-08T12:00:00Z'],
  ])('%s is due', (_, line, now) => {
    expect(whyNotDue(plan, line, new Date(now))).toBeUndefined();
  });

  it.each([
    ['before the season', peak, '2026-11-19T17:00:00Z', '2026-11-19T17:00:00.000Z'],
    ['after it, late into the next day', peak, '2027-01-05T23:40:00Z', '2027-01-05T23:00:00.000Z'],
    ['of a zone whose clocks differ', '0 2 * * *', '2026-12-01T02:00:00Z', '2026-12-01T02:00:00.000Z'],
  ])('%s is not due', (_, line, now, at) => {
    expect(whyNotDue(plan, line, new Date(now))).toBe(`nightly is not due: its schedule has no run at ${at}`);
  });

  it.each(['0 2 * *', '0 2 * * * Europe/Berln', '0 25 * * * UTC', ''])('by %j is refused', (line) => {
    expect(() => whyNotDue(plan, line, new Date())).toThrow(Failure);
  });
});
