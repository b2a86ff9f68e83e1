import { describe, expect, it } from 'vitest';
import { longestGap, nextRuns } from '../../../../src/language/schedule/schedule.ts';

const hour = 3_600_000;
const nightly = { calendar: '*-*-* 02:00:00 UTC' };
const peak = { calendar: '*-*-* 00/6:00:00 UTC', from: '2026-11-20', until: '2027-01-05' };

function gapHours(
  schedule: readonly { calendar: string; from?: string; until?: string }[],
  zone = 'UTC',
): number | undefined {
  const gap = longestGap(schedule, new Date('2026-11-01T00:00:00Z'), zone);
  return gap === undefined ? undefined : gap.durationMs / hour;
}

describe('a schedule', () => {
  it('merges its entries in order', () => {
    const runs = nextRuns([nightly, peak], new Date('2026-11-19T12:00:00Z'), 5, 'UTC');
    expect(runs.map(({ at }) => at.toISOString().slice(5, 16))).toEqual([
      '11-20T00:00',
      '11-20T02:00',
      '11-20T06:00',
      '11-20T12:00',
      '11-20T18:00',
    ]);
  });

  it('tells entries that fall together as one run', () => {
    const runs = nextRuns([nightly, { calendar: 'Mon 02:00' }], new Date('2026-11-22T12:00:00Z'), 2, 'UTC');
    expect(runs.map(({ entries }) => entries.length)).toEqual([2, 1]);
  });

  it('keeps an entry to its season, both days included, in the zone of the plan', () => {
    const seasonal = { calendar: '12:00', from: '2026-12-24', until: '2026-12-26' };
    const runs = nextRuns([seasonal], new Date('2026-11-22T00:00:00Z'), 10, 'America/New_York');
    expect(runs.map(({ at }) => at.toISOString())).toEqual([
      '2026-12-24T17:00:00.000Z',
      '2026-12-25T17:00:00.000Z',
      '2026-12-26T17:00:00.000Z',
    ]);
  });

  it('without entries never runs', () => {
    expect(nextRuns([], new Date(), 3, 'UTC')).toEqual([]);
    expect(longestGap([], new Date(), 'UTC')).toBeUndefined();
  });
});

describe('the longest gap of a schedule', () => {
  it.each([
    ['nightly', [nightly], 24],
    ['nightly and every six hours in season', [nightly, peak], 24],
    ['every six hours', [{ calendar: '00/6:00' }], 6],
    ['on weekdays: from Friday to Monday', [{ calendar: 'Mon..Fri 02:00' }], 72],
    ['every minute of weekdays: from Friday to Monday', [{ calendar: 'Mon..Fri *:*' }], 48 + 1 / 60],
    ['yearly: in a leap year', [{ calendar: 'yearly' }], 366 * 24],
  ])('%s', (_, schedule, hours) => {
    expect(gapHours(schedule)).toBeCloseTo(hours, 6);
  });

  it('is longer where clocks skip the only run of a day', () => {
    expect(gapHours([{ calendar: '02:30' }], 'Europe/Berlin')).toBe(47);
  });

  it.each([
    [[nightly, peak], 'UTC'],
    [[nightly, { calendar: '23:30', from: '2029-02-01' }], 'UTC'],
    [[{ calendar: '*:00', until: '2029-02-01' }, nightly], 'UTC'],
    [[nightly, { calendar: '02:30 Europe/Berlin', from: '2027-01-01' }], 'UTC'],
    [[{ calendar: '02:30' }], 'Europe/Berlin'],
    [[{ calendar: '02:30' }, { calendar: '*-*-* 12:00' }], 'Australia/Lord_Howe'],
    [[{ calendar: '02:30', from: '2029-02-01', until: '2029-10-27' }, { calendar: '*:00' }], 'Europe/Berlin'],
    [
      [
        { calendar: '02:30', from: '2029-03-01' },
        { calendar: '03:10', until: '2029-05-01' },
      ],
      'Europe/Berlin',
    ],
    [[{ calendar: '*-*-1..30 02:00' }], 'UTC'],
    [[{ calendar: '2027..2028-*-* 02:00' }, { calendar: 'yearly' }], 'UTC'],
  ])('of %j in %s is that of every run within five years', (schedule, zone) => {
    const after = new Date('2026-11-01T00:00:00Z');
    const end = after.getTime() + 5 * 366 * 24 * hour;
    const runs = nextRuns(schedule, after, 60_000, zone).map(({ at }) => at.getTime());
    const inside = runs.filter((_, index) => (runs[index - 1] ?? 0) <= end).slice(0, 20_000);
    const gaps = inside.map((at, index) => at - (inside[index - 1] ?? at));
    expect(longestGap(schedule, after, zone)?.durationMs).toBe(Math.max(...gaps));
  });

  it('names the runs on both sides', () => {
    expect(longestGap([{ calendar: 'Mon..Fri 02:00' }], new Date('2026-11-22T00:00:00Z'), 'UTC')).toEqual({
      after: new Date('2026-11-27T02:00:00Z'),
      before: new Date('2026-11-30T02:00:00Z'),
      durationMs: 72 * hour,
    });
  });

  it('is judged in a bounded number of runs, also for one every second', () => {
    expect(gapHours([{ calendar: '*:*:*' }], 'Europe/Berlin')).toBe(1 / 3_600);
  });

  it('needs two runs', () => {
    expect(gapHours([{ calendar: '2027-01-01 00:00' }])).toBeUndefined();
  });
});
