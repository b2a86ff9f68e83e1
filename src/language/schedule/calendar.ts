import { defined } from '../../base/defined.ts';
import { attempt, MistakeFound, type ExpressionMistake } from './expression.ts';
import {
  checkDaysFromEnd,
  daysFromEnd,
  readChain,
  valuesOf,
  type Chain,
  type Cursor,
} from './calendar-field.ts';
import { zoneMistake } from './zone.ts';

/**
 * A systemd calendar expression (systemd.time(7)), every part expanded to the values that match, ascending.
 * Weekdays count from Sunday, 0.
 */
export interface Calendar {
  readonly expression: string;
  readonly weekdays: readonly number[];
  readonly years: readonly number[];
  readonly months: readonly number[];
  /** The matching days of a month by its length: of 28, 29, 30 and 31 days. */
  readonly days: readonly [readonly number[], readonly number[], readonly number[], readonly number[]];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  /** As written; absent: the zone of whoever evaluates it. */
  readonly zone?: string;
}

const shorthands: Readonly<Record<string, string>> = {
  minutely: '*-*-* *:*:00',
  hourly: '*-*-* *:00:00',
  daily: '*-*-* 00:00:00',
  weekly: 'Mon *-*-* 00:00:00',
  monthly: '*-*-01 00:00:00',
  quarterly: '*-01,04,07,10-01 00:00:00',
  'semi-annually': '*-01,07-01 00:00:00',
  semiannually: '*-01,07-01 00:00:00',
  'bi-annually': '*-01,07-01 00:00:00',
  biannually: '*-01,07-01 00:00:00',
  yearly: '*-01-01 00:00:00',
  annually: '*-01-01 00:00:00',
};

const weekdayNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** The years that systemd counts with. */
export const year = { name: 'year', least: 1970, greatest: 2199 };
const month = { name: 'month', least: 1, greatest: 12 };
const dayOfMonth = { name: 'day', least: 1, greatest: 31 };
const hour = { name: 'hour', least: 0, greatest: 23 };
const minute = { name: 'minute', least: 0, greatest: 59 };
const second = { name: 'second', least: 0, greatest: 59 };

/**
 * Parses a systemd calendar expression as systemd does: weekdays, date, time, time zone, lists, ranges, steps, days from
 * the end of a month (`~`), shorthands and `@` with seconds since 1970. Fractions of a second are refused. Returns the
 * calendar, or the mistake with its offset in the text.
 */
export function parseCalendar(
  text: string,
): { readonly calendar: Calendar } | { readonly mistake: ExpressionMistake } {
  return attempt(() => ({ calendar: readCalendar(text) }));
}

/** Each expression is asked for by every rule about schedules. */
const known = new Map<string, Calendar>();

/** Parses an expression that was validated before. @throws Error (a bug) when it was not */
export function knownCalendar(text: string): Calendar {
  const parsed = known.get(text) ?? parseCalendar(text);
  if ('expression' in parsed) return parsed;
  if ('calendar' in parsed) {
    known.set(text, parsed.calendar);
    return parsed.calendar;
  }
  throw new Error(`calendar '${text}' was never validated: ${parsed.mistake.message}`);
}

function readCalendar(text: string): Calendar {
  if (text.trim() === '') throw new MistakeFound('the expression is empty', 0, text.length);
  const { body, zone } = splitZone(text);
  if (body.startsWith('@')) return { ...readTimestamp(body), expression: text };
  const shorthand = shorthands[body.toLowerCase()];
  const parts = readParts({ text: shorthand ?? body, at: 0 });
  return { expression: text, ...parts, ...defined({ zone }) };
}

function splitZone(text: string): { readonly body: string; readonly zone?: string } {
  const space = text.lastIndexOf(' ');
  const last = text.slice(space + 1);
  // Times and dates start with a digit or `*`, so a last word that starts with a letter can only be a zone.
  if (space <= 0 || !/^[A-Za-z]/.test(last)) return { body: text };
  if (last.toUpperCase() === 'UTC') return { body: text.slice(0, space), zone: 'UTC' };
  const mistake = zoneMistake(last);
  if (mistake !== undefined) throw new MistakeFound(mistake, space + 1, last.length);
  return { body: text.slice(0, space), zone: last };
}

function readTimestamp(body: string): Omit<Calendar, 'expression'> {
  const at = new Date(/^@\d{1,10}$/.test(body) ? Number(body.slice(1)) * 1000 : Number.NaN);
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() > year.greatest) {
    throw new MistakeFound("expected '@' and seconds since 1970", 0, body.length);
  }
  const days = [at.getUTCDate()];
  return {
    weekdays: [0, 1, 2, 3, 4, 5, 6],
    years: [at.getUTCFullYear()],
    months: [at.getUTCMonth() + 1],
    days: [days, days, days, days],
    hours: [at.getUTCHours()],
    minutes: [at.getUTCMinutes()],
    seconds: [at.getUTCSeconds()],
    zone: 'UTC',
  };
}

function readParts(cursor: Cursor): Omit<Calendar, 'expression' | 'zone'> {
  const weekdays = readWeekdays(cursor);
  const date = readDate(cursor);
  const time = readTime(cursor);
  return { weekdays, ...date, ...time };
}

function readWeekdays(cursor: Cursor): readonly number[] {
  if (!/[A-Za-z]/.test(cursor.text[cursor.at] ?? '')) return [0, 1, 2, 3, 4, 5, 6];
  const days = new Set<number>();
  for (;;) {
    const offset = cursor.at;
    const first = readWeekday(cursor);
    const separator = /^(?:\.\.|-)/.exec(cursor.text.slice(cursor.at))?.[0];
    cursor.at += separator?.length ?? 0;
    const last = separator === undefined ? first : readWeekday(cursor);
    if (last < first) {
      throw new MistakeFound(
        'a range of weekdays ends before it starts; weeks start on Monday',
        offset,
        cursor.at - offset,
      );
    }
    for (let day = first; day <= last; day += 1) days.add(day % 7);
    if (cursor.text[cursor.at] === ',') cursor.at += 1;
    else if (!atGap(cursor)) throw unexpected(cursor, 'after the weekday');
    if (atGap(cursor)) break;
  }
  skipSpaces(cursor);
  return [...days].sort((a, b) => a - b);
}

/** Monday 1 to Sunday 7, because systemd's weeks start on Monday. */
function readWeekday(cursor: Cursor): number {
  const word = /^[A-Za-z]*/.exec(cursor.text.slice(cursor.at))?.[0] ?? '';
  const lower = word.toLowerCase();
  const index = weekdayNames.findIndex(
    (name) => name === lower || (lower.length === 3 && name.startsWith(lower)),
  );
  if (index < 0) {
    const message = word === '' ? 'expected a weekday' : `'${word}' is no weekday or shorthand`;
    throw new MistakeFound(message, cursor.at, word.length);
  }
  cursor.at += word.length;
  return index === 0 ? 7 : index;
}

function readDate(cursor: Cursor): Pick<Calendar, 'years' | 'months' | 'days'> {
  const start = cursor.at;
  const first = cursor.text.length > start ? readChain(cursor) : undefined;
  const isTime = cursor.text[cursor.at] === ':';
  if (cursor.text.length === start || isTime) {
    cursor.at = start;
    return {
      years: valuesOf(undefined, year),
      months: valuesOf(undefined, month),
      days: daysOf(undefined, false),
    };
  }
  let fromEnd = readDateSeparator(cursor, 'year or month');
  const second = readChain(cursor);
  if (atGap(cursor)) {
    skipSpaces(cursor);
    return {
      years: valuesOf(undefined, year),
      months: valuesOf(first, month),
      days: daysOf(second, fromEnd),
    };
  }
  if (fromEnd) throw unexpected(cursor, "after the day from the month's end");
  fromEnd = readDateSeparator(cursor, 'month');
  const third = readChain(cursor);
  if (!atGap(cursor)) throw unexpected(cursor, 'after the date');
  skipSpaces(cursor);
  return {
    years: valuesOf(fullYears(first), year),
    months: valuesOf(second, month),
    days: daysOf(third, fromEnd),
  };
}

function readDateSeparator(cursor: Cursor, before: string): boolean {
  const separator = cursor.text[cursor.at];
  if (separator !== '-' && separator !== '~') throw unexpected(cursor, `after the ${before}`);
  cursor.at += 1;
  return separator === '~';
}

/** Years of two digits mean 1970 to 2069. */
function fullYears(chain: Chain): Chain {
  const full = (value: number): number => (value < 70 ? value + 2000 : value < 100 ? value + 1900 : value);
  return chain?.map((component) => ({
    ...component,
    start: full(component.start),
    stop: component.stop === undefined ? undefined : full(component.stop),
  }));
}

function daysOf(chain: Chain, fromEnd: boolean): Calendar['days'] {
  if (chain === undefined || !fromEnd) {
    const days = valuesOf(chain, dayOfMonth);
    const upTo = (length: number): readonly number[] => days.filter((day) => day <= length);
    return [upTo(28), upTo(29), upTo(30), upTo(31)];
  }
  checkDaysFromEnd(chain);
  return [daysFromEnd(chain, 28), daysFromEnd(chain, 29), daysFromEnd(chain, 30), daysFromEnd(chain, 31)];
}

function readTime(cursor: Cursor): Pick<Calendar, 'hours' | 'minutes' | 'seconds'> {
  if (cursor.at === cursor.text.length) return { hours: [0], minutes: [0], seconds: [0] };
  const hours = readChain(cursor);
  if (cursor.text[cursor.at] !== ':') throw unexpected(cursor, 'after the hour');
  cursor.at += 1;
  const minutes = readChain(cursor);
  const withSeconds = cursor.text[cursor.at] === ':';
  if (withSeconds) cursor.at += 1;
  const seconds = withSeconds ? valuesOf(readChain(cursor), second) : [0];
  if (cursor.at < cursor.text.length) throw unexpected(cursor, 'after the time');
  return { hours: valuesOf(hours, hour), minutes: valuesOf(minutes, minute), seconds };
}

function atGap(cursor: Cursor): boolean {
  return cursor.at >= cursor.text.length || cursor.text[cursor.at] === ' ';
}

function skipSpaces(cursor: Cursor): void {
  while (cursor.text[cursor.at] === ' ') cursor.at += 1;
}

function unexpected(cursor: Cursor, where: string): MistakeFound {
  const found = cursor.text[cursor.at];
  const what = found === undefined ? 'the expression ends' : `unexpected '${found}'`;
  return new MistakeFound(`${what} ${where}`, cursor.at, 1);
}
