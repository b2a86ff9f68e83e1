import { describe, expect, it } from 'vitest';
import { knownCalendar, parseCalendar } from '../../../../src/language/schedule/calendar.ts';
import { neverFires, nextOccurrences } from '../../../../src/language/schedule/occurrence.ts';
import { fc } from '../../../fixtures/property.ts';

function next(expression: string, after: string, count = 1, zone = 'UTC'): readonly string[] {
  return nextOccurrences(knownCalendar(expression), new Date(after), count, zone).map((at) =>
    at.toISOString(),
  );
}

describe('a calendar that does not parse', () => {
  it.each([
    ['', 0, 'the expression is empty'],
    ['*-*-* 25:00', 6, 'hour 25 is outside 0 to 23'],
    ['*-13-01', 2, 'month 13 is outside 1 to 12'],
    ['Mon,Xyz 3:00', 4, "'Xyz' is no weekday or shorthand"],
    ['dayly', 0, "'dayly' is no weekday or shorthand"],
    ['Fri..Mon 3:00', 0, 'a range of weekdays ends before it starts; weeks start on Monday'],
    ['*-*-* 2', 7, 'the expression ends after the hour'],
    ['*-*-* 2:', 8, 'expected a number, the expression ends'],
    ['*-*-* 5..3:00', 6, 'the range 5..3 runs backwards'],
    ['*:*/15', 2, "a step needs a first value: '0/5', not '*/5'"],
    ['*:0/0', 2, 'a step of 0 never advances'],
    ['*-*-5/40', 4, 'a step of 40 from 5 never repeats before day 31'],
    ['*-*~31', 4, 'day from the end of the month 31 is outside 1 to 28'],
    ['*:*:0.5', 4, 'a schedule knows whole seconds only'],
    ['2:00 Mars/Olympus', 5, "'Mars/Olympus' is no time zone"],
    ['2:00 europe/berlin', 5, "'europe/berlin' is no time zone; did you mean 'Europe/Berlin'"],
    ['*-*-*T02:00', 5, "unexpected 'T' after the date"],
    ['02:00:00:00', 8, "unexpected ':' after the time"],
    ['@soon', 0, "expected '@' and seconds since 1970"],
  ])('%j is wrong at %d: %s', (expression, offset, message) => {
    expect(parseCalendar(expression)).toMatchObject({ mistake: { offset, message } });
  });

  it('never throws, and marks characters inside the text', () => {
    const characters = fc.constantFrom(...'0159*-~:/., MonFrdaily@TUC');
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: characters }), fc.string()), (text) => {
        const parsed = parseCalendar(text);
        if ('calendar' in parsed) return;
        expect(parsed.mistake.offset).toBeGreaterThanOrEqual(0);
        expect(parsed.mistake.offset).toBeLessThanOrEqual(text.length);
        expect(parsed.mistake.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('a calendar', () => {
  it('fires nightly in UTC whatever the zone of the plan', () => {
    expect(next('*-*-* 02:00:00 UTC', '2026-11-22T13:00:00Z', 2, 'Asia/Tokyo')).toEqual([
      '2026-11-23T02:00:00.000Z',
      '2026-11-24T02:00:00.000Z',
    ]);
  });

  it('fires quarterly on the first day of January, April, July and October', () => {
    expect(next('quarterly', '2026-11-22T13:00:00Z', 2)).toEqual([
      '2027-01-01T00:00:00.000Z',
      '2027-04-01T00:00:00.000Z',
    ]);
  });

  it('counts days from the end of the month', () => {
    expect(next('*-*~01 12:00', '2028-01-31T12:00:00Z', 2)).toEqual([
      '2028-02-29T12:00:00.000Z',
      '2028-03-31T12:00:00.000Z',
    ]);
  });

  it('fires strictly after the instant, down to the millisecond', () => {
    expect(next('*:0/15', '2026-01-01T00:15:00.000Z')).toEqual(['2026-01-01T00:30:00.000Z']);
    expect(next('*:0/15', '2026-01-01T00:14:59.999Z')).toEqual(['2026-01-01T00:15:00.000Z']);
    expect(next('*:0/15', '2026-01-01T00:15:00.001Z')).toEqual(['2026-01-01T00:30:00.000Z']);
  });

  it('fires once where clocks go back and not at a time that they skip', () => {
    expect(next('02:30 Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
    expect(next('02:30 Europe/Berlin', '2026-03-28T12:00:00Z')).toEqual(['2026-03-30T00:30:00.000Z']);
  });

  it.each(['*-02-30', '2020-*-*', '*-04-31 12:00'])('%s is known never to fire again', (expression) => {
    expect(neverFires(knownCalendar(expression), new Date('2026-11-22'), 'UTC')).toBe(true);
  });

  it('that fires on leap days only is not taken for one that never does', () => {
    expect(neverFires(knownCalendar('*-02-29'), new Date('2096-03-01'), 'UTC')).toBe(false);
    expect(next('*-02-29', '2096-03-01T00:00:00Z')).toEqual(['2104-02-29T00:00:00.000Z']);
  });
});
