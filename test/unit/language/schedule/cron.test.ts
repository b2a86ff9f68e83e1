import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import { knownCalendar } from '../../../../src/language/schedule/calendar.ts';
import { parseCron } from '../../../../src/language/schedule/cron.ts';
import { nextRuns } from '../../../../src/language/schedule/schedule.ts';
import { fc } from '../../../fixtures/property.ts';

function calendars(cron: string, zone = 'UTC'): readonly string[] {
  const parsed = parseCron(cron, zone);
  if ('mistake' in parsed) throw new Error(parsed.mistake.message);
  return parsed.calendars;
}

describe('a cron expression', () => {
  it.each([
    ['0 2 * * *', ['*-*-* 02:00:00 UTC']],
    ['*/15 * * * *', ['*-*-* *:00/15:00 UTC']],
    ['0 */6 * * 1-5', ['Mon..Fri *-*-* 00/6:00:00 UTC']],
    ['30 3 1 jan,JUL *', ['*-01,07-01 03:30:00 UTC']],
    ['0 4 * * 0', ['Sun *-*-* 04:00:00 UTC']],
    ['0 4 * * 7', ['Sun *-*-* 04:00:00 UTC']],
    ['0 4 * * fri-7', ['Fri..Sun *-*-* 04:00:00 UTC']],
    ['0 9-17/2 * * *', ['*-*-* 09..17/2:00:00 UTC']],
    ['0 */7 * * *', ['*-*-* 00..21/7:00:00 UTC']],
    ['@daily', ['*-*-* 00:00:00 UTC']],
    ['@weekly', ['Sun *-*-* 00:00:00 UTC']],
  ])('%s becomes %j', (cron, expected) => {
    expect(calendars(cron)).toEqual(expected);
  });

  it('with a day of the month and a weekday fires on either, so it becomes two calendars', () => {
    expect(calendars('0 2 1 * mon')).toEqual(['*-*-01 02:00:00 UTC', 'Mon *-*-* 02:00:00 UTC']);
  });

  it.each([
    ['0 2 * *', 0, 'cron has five fields (minute, hour, day, month, weekday), found 4'],
    ['0 0 2 * * *', 10, 'cron has five fields; this is a sixth'],
    ['60 2 * * *', 0, 'minute 60 is outside 0 to 59'],
    ['0 2,24 * * *', 4, 'hour 24 is outside 0 to 23'],
    ['0 2 0 * *', 4, 'day of the month 0 is outside 1 to 31'],
    ['0 2 L * *', 4, "'L' is no day of the month that cron knows"],
    ['0 2 * * mon#1', 8, "'mon#1' is no weekday that cron knows"],
    ['0 5-3 * * *', 2, 'the range 5-3 runs backwards'],
    ['*/0 2 * * *', 0, 'a step of 0 never advances'],
    ['0 2, * * *', 4, 'the hour is empty'],
    [
      '@reboot',
      0,
      "'@reboot' is no time; known are @hourly @daily @midnight @weekly @monthly @yearly @annually",
    ],
    ['@daily 5', 7, "nothing may follow '@daily'"],
  ])('%j is wrong at %d: %s', (cron, offset, message) => {
    expect(parseCron(cron, 'UTC')).toMatchObject({ mistake: { offset, message } });
  });

  it('fires at the same times as croner, in zones whose clocks change too', () => {
    const field = (least: number, greatest: number): fc.Arbitrary<string> => {
      const value = fc.integer({ min: least, max: greatest });
      const range = fc
        .tuple(value, value)
        .map((pair) => pair.sort((a, b) => a - b))
        .map((pair) => pair.join('-'));
      const part = fc.oneof(
        value.map(String),
        range,
        fc.tuple(range, fc.integer({ min: 1, max: 6 })).map((both) => both.join('/')),
      );
      const list = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));
      return fc.oneof(
        fc.constant('*'),
        fc.integer({ min: 2, max: 6 }).map((step) => `*/${String(step)}`),
        list,
      );
    };
    // Stars with steps in both day fields are left out: cron makes them an AND, croner an OR.
    const dayField = (least: number, greatest: number): fc.Arbitrary<string> =>
      field(least, greatest).filter((text) => !text.startsWith('*/'));
    // Hours from 4 on: croner moves a run in a skipped hour, systemd (and so we) leave it out.
    const hours = field(4, 23).filter((text) => !text.startsWith('*'));
    const crons = fc
      .tuple(field(0, 59), hours, dayField(1, 31), field(1, 12), dayField(0, 6))
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(crons, fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'), (cron, zone) => {
        const after = new Date('2026-03-06T12:00:00Z');
        const entries = calendars(cron, zone).map((calendar) => ({ calendar, cron }));
        const ours = nextRuns(entries, after, 10, zone).map(({ at }) => at.toISOString());
        const theirs = new Cron(cron, { timezone: zone }).nextRuns(10, after).map((at) => at.toISOString());
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 150 },
    );
  });

  it('always becomes calendars that parse', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789*/-, ') });
    fc.assert(
      fc.property(text, (cron) => {
        const parsed = parseCron(cron, 'Europe/Berlin');
        if ('calendars' in parsed) parsed.calendars.forEach(knownCalendar);
      }),
    );
  });
});
