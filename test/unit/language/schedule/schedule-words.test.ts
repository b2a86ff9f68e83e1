import { describe, expect, it } from 'vitest';
import { renderGap, renderScheduleEntry } from '../../../../src/language/schedule/schedule-words.ts';

describe('a schedule in words', () => {
  it.each([
    ['*-*-* 02:00:00 UTC', 'every day at 02:00 UTC'],
    ['*-*-* 00/6:00:00 UTC', 'every day at 00:00, 06:00, 12:00 and 18:00 UTC'],
    ['Mon..Fri 02:30', 'every Monday to Friday at 02:30 Europe/Berlin'],
    ['Sat,Sun 02:30:15', 'every Saturday and Sunday at 02:30:15 Europe/Berlin'],
    ['quarterly', 'on day 1 of January, April, July and October at 00:00 Europe/Berlin'],
    ['monthly UTC', 'on day 1 of every month at 00:00 UTC'],
    ['*-*~01 12:00', 'on the last day of every month at 12:00 Europe/Berlin'],
    ['*-*~02..03 12:00', 'on the days 1 and 2 before the last of every month at 12:00 Europe/Berlin'],
    ['Mon *-*-1..7 05:00', 'on day 1 to 7 of every month that is a Monday at 05:00 Europe/Berlin'],
    ['*-*-29..31', 'on day 29 to 31 of every month at 00:00 Europe/Berlin'],
    ['2027-*-* 02:00', 'every day in 2027 at 02:00 Europe/Berlin'],
    ['hourly', 'every day every hour from 00:00 Europe/Berlin'],
    ['*:0/15', 'every day every 15 minutes from 00:00 Europe/Berlin'],
    ['00/2:30 UTC', 'every day every 2 hours from 00:30 UTC'],
    ['9..17:0/10', 'every day at 54 times from 09:00 to 17:50 Europe/Berlin'],
    ['*:*:0/10', 'every day 8640 times a day Europe/Berlin'],
  ])('%s reads %s', (calendar, words) => {
    expect(renderScheduleEntry({ calendar }, 'Europe/Berlin')).toBe(words);
  });

  it('names its season', () => {
    const entry = { calendar: '02:00 UTC', from: '2026-11-20', until: '2027-01-05' };
    expect(renderScheduleEntry(entry, 'UTC')).toBe(
      'every day at 02:00 UTC, from 2026-11-20 until 2027-01-05',
    );
  });

  it('names its longest gap with the runs on both sides', () => {
    const gap = {
      after: new Date('2026-11-27T02:00Z'),
      before: new Date('2026-11-30T02:00Z'),
      durationMs: 259_200_000,
    };
    expect(renderGap(gap)).toBe('up to 3d between runs (2026-11-27 02:00 to 2026-11-30 02:00 UTC)');
  });
});
