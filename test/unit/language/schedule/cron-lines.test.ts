import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import type { ScheduleEntry } from '../../../../src/language/plan/plan.ts';
import { meetsClockChange } from '../../../../src/language/schedule/clock-changes.ts';
import { cronLines, type CronLine } from '../../../../src/language/schedule/cron-lines.ts';
import { scheduledRuns } from '../../../../src/language/schedule/schedule.ts';
import { fc } from '../../../fixtures/property.ts';

const start = new Date('2026-11-24T00:00:00Z');
const yearMs = 366 * 86_400_000;

function fields(schedule: readonly ScheduleEntry[], zone = 'UTC'): readonly string[] {
  return cronLines(schedule, zone).lines.map(
    (line) => `${line.fields} ${line.zone}${line.isWider ? ' (wider)' : ''}`,
  );
}

/** When a cron of another author fires within a year. Days are all in one kind of field, so its AND or OR is no matter. */
function firings({ fields: pattern, zone }: CronLine): readonly number[] {
  const cron = new Cron(pattern, { timezone: zone });
  const found: number[] = [];
  // A run at the first instant itself counts.
  for (
    let at = cron.nextRun(new Date(start.getTime() - 1000));
    at !== null && at.getTime() < start.getTime() + yearMs;
  ) {
    found.push(at.getTime());
    at = cron.nextRun(at);
  }
  return found;
}

function runs(schedule: readonly ScheduleEntry[], zone: string): readonly number[] {
  const found: number[] = [];
  for (const { at } of scheduledRuns(schedule, new Date(start.getTime() - 1), zone)) {
    if (at.getTime() >= start.getTime() + yearMs) break;
    found.push(at.getTime());
  }
  return found;
}

describe('a schedule as lines of cron', () => {
  it.each([
    [[{ calendar: '*-*-* 02:00:00 UTC' }], ['0 2 * * * UTC']],
    [[{ calendar: 'quarterly' }], ['0 0 1 1,4,7,10 * UTC']],
    [[{ calendar: 'Sun *-*-* 05:00:00 UTC' }], ['0 5 * * 0 UTC']],
    [[{ calendar: 'Mon..Fri *-*-* 00/6:30:00' }], ['30 */6 * * 1-5 UTC']],
    [[{ calendar: '*:0/15' }], ['*/15 * * * * UTC']],
    [[{ calendar: '*-*-* 02:00:00', cron: '0 2 * * *' }], ['0 2 * * * UTC']],
    [[{ calendar: '*-*~01 03:00:00' }], ['0 3 28-31 * * UTC (wider)']],
    [[{ calendar: 'Mon *-*-1..7 03:00:00' }], ['0 3 1-7 * * UTC (wider)']],
    [[{ calendar: '2027-*-* 03:00:00' }], ['0 3 * * * UTC (wider)']],
    [
      [{ calendar: '*-*-* 00/6:00:00', from: '2026-11-20', until: '2027-01-05' }],
      ['0 */6 * 1,11,12 * UTC (wider)'],
    ],
    [[{ calendar: '*-06-01 00:00:00', from: '2026-11-20', until: '2027-01-05' }], []],
    [[{ calendar: '*-*-* 00:00:00', from: '2026-11-20' }], ['0 0 * * * UTC (wider)']],
  ])('%j becomes %j', (schedule, expected) => {
    expect(fields(schedule)).toEqual(expected);
  });

  it('has each zone on lines of its own', () => {
    expect(
      fields([{ calendar: '*-*-* 02:00:00' }, { calendar: '*-*-* 02:00:00 Asia/Tokyo' }], 'Europe/Berlin'),
    ).toEqual(['0 2 * * * Europe/Berlin', '0 2 * * * Asia/Tokyo']);
  });

  it('names no time of day twice: nothing is started twice where entries meet', () => {
    const schedule = [
      { calendar: '*-*-* 00:00:00' },
      { calendar: '*-*-* 00/6:00:00', from: '2026-11-20', until: '2027-01-05' },
    ];
    const { lines } = cronLines(schedule, 'UTC');
    expect(fields(schedule)).toEqual(['0 0 * * * UTC (wider)', '0 6,12,18 * 1,11,12 * UTC (wider)']);
    const times = lines.flatMap((line) => line.times);
    expect(new Set(times).size).toBe(times.length);
  });

  it('says which calendars fire within a minute', () => {
    expect(cronLines([{ calendar: '*-*-* 02:00:30' }, { calendar: 'daily' }], 'UTC')).toMatchObject({
      unsayable: ['*-*-* 02:00:30'],
      lines: [{ fields: '0 0 * * *' }],
    });
  });

  // Hours from 4 on: croner moves a run in a skipped hour, and what becomes of it is told elsewhere.
  const two = (value: number): string => String(value).padStart(2, '0');
  const some = (least: number, greatest: number, maxLength = 4): fc.Arbitrary<string> =>
    fc.oneof(
      fc
        .uniqueArray(fc.integer({ min: least, max: greatest }), { minLength: 1, maxLength })
        .map((values) => values.map(two).join(',')),
      fc
        .tuple(fc.integer({ min: least, max: greatest }), fc.integer({ min: 1, max: maxLength }))
        .map(([first, length]) => `${two(first)}..${two(Math.min(first + length, greatest))}`),
    );
  const star = (values: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant('*'), values);
  const weekdays = fc.constantFrom('', 'Mon ', 'Mon..Fri ', 'Sat,Sun ', 'Tue,Thu ');
  const season = fc.constantFrom(
    {},
    { from: '2026-12-10', until: '2027-02-03' },
    { from: '2027-03-01' },
    { until: '2027-05-31' },
  );
  const calendar = fc
    .tuple(
      weekdays,
      star(some(1, 12)),
      star(
        fc.oneof(
          some(1, 31),
          some(1, 28).map((days) => `~${days}`),
        ),
      ),
    )
    .map(([days, months, ofMonth]) => `${days}*-${months}${ofMonth.startsWith('~') ? '' : '-'}${ofMonth}`)
    .filter((text) => !/~\d+(\.\.|,)/.test(text));
  const entry = fc
    .tuple(calendar, some(4, 23, 2), some(0, 59, 2), season)
    .map(([date, hours, minutes, days]) => ({ calendar: `${date} ${hours}:${minutes}:00`, ...days }));
  const zone = fc.constantFrom(
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Pacific/Auckland',
  );

  it('fires as the schedule does by another cron, and at more times only where a run asks whether it is due', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 2 }), zone, (schedule, name) => {
        const { lines } = cronLines(schedule, name);
        const expected = runs(schedule, name);
        const isRun = new Set(expected);
        const fired = lines.flatMap((line) => firings(line).map((at) => ({ at, line })));
        const due = fired.filter(({ at, line }) => !line.isWider || isRun.has(at));
        expect(due.map(({ at }) => at).sort((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });
});

describe('times at which clocks change', () => {
  it.each([
    [[2 * 60 + 30], 'Europe/Berlin', true],
    [[4 * 60], 'Europe/Berlin', false],
    [[60 + 30], 'America/New_York', true],
    [[0], 'America/New_York', false],
    [[2 * 60 + 30], 'UTC', false],
    [[2 * 60 + 30], 'Asia/Tokyo', false],
    [[105], 'Australia/Lord_Howe', true],
  ])('%j in %s: %s', (times, name, expected) => {
    expect(meetsClockChange(times, name, start)).toBe(expected);
  });
});
