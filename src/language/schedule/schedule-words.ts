import type { ScheduleEntry } from '../plan/plan.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { knownCalendar, type Calendar } from './calendar.ts';
import type { ScheduleGap } from './schedule.ts';

const weekdayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const monthNames = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const everyYear = 230;
const minutesOfDay = 1_440;

/** More times of a day than this are counted, not listed. */
const mostTimes = 8;

/**
 * Renders one entry of a schedule in words: `every day at 02:00 UTC`, `every day at 00:00, 06:00, 12:00 and 18:00 UTC,
 * from 2026-11-20 until 2027-01-05`.
 *
 * @param zone the plan's IANA zone, for calendars that name none
 */
export function renderScheduleEntry(entry: ScheduleEntry, zone: string): string {
  const from = entry.from === undefined ? '' : ` from ${entry.from}`;
  const until = entry.until === undefined ? '' : ` until ${entry.until}`;
  const season = from + until;
  return `${renderCalendar(knownCalendar(entry.calendar), zone)}${season === '' ? '' : `,${season}`}`;
}

/** Renders a calendar in words, its times in its own zone. */
export function renderCalendar(calendar: Calendar, zone: string): string {
  const years = calendar.years.length === everyYear ? '' : ` in ${enumerate(calendar.years.map(String))}`;
  return `${renderDays(calendar)}${years} ${renderTimes(calendar)} ${calendar.zone ?? zone}`;
}

/** Renders the longest gap between runs: `up to 3d between runs (2026-11-27 02:00 to 2026-11-30 02:00 UTC)`. */
export function renderGap({ after, before, durationMs }: ScheduleGap): string {
  const minute = (at: Date): string => at.toISOString().slice(0, 16).replace('T', ' ');
  return `up to ${renderDuration(durationMs)} between runs (${minute(after)} to ${minute(before)} UTC)`;
}

function renderDays(calendar: Calendar): string {
  const months =
    calendar.months.length === 12 ? undefined : calendar.months.map((month) => monthNames[month - 1] ?? '');
  const weekdays =
    calendar.weekdays.length === 7 ? undefined : enumerate(ranges(fromMonday(calendar), weekdayName));
  const days = renderDaysOfMonth(calendar);
  if (days === undefined) {
    const every = weekdays ?? 'day';
    return months === undefined ? `every ${every}` : `every ${every} of ${enumerate(months)}`;
  }
  const ofMonths = months === undefined ? 'every month' : enumerate(months);
  return `on ${days} of ${ofMonths}${weekdays === undefined ? '' : ` that is a ${weekdays}`}`;
}

/** undefined for all of them. */
function renderDaysOfMonth({ days }: Calendar): string | undefined {
  const [ofFebruary, , ofShort, ofLong] = days;
  if (ofLong.length === 31) return undefined;
  // What counts from the end of a month falls on other days in a longer one.
  if (ofLong.some((day) => day < 28 && !ofFebruary.includes(day)) || ofLong.length === ofFebruary.length) {
    const fromEnd = ofLong.map((day) => 31 - day);
    const moves = ofShort.map((day) => 30 - day).join() === fromEnd.join();
    if (moves && fromEnd.join() === '0') return 'the last day';
    if (moves) return `the days ${enumerate(fromEnd.reverse().map(String))} before the last`;
  }
  return `day ${enumerate(ranges(ofLong, String))}`;
}

function renderTimes({ hours, minutes, seconds }: Calendar): string {
  const times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
  const [first = 0, second = first] = times;
  const step = second - first;
  if (seconds.length > 1) return `${String(times.length * seconds.length)} times a day`;
  const isEven =
    step > 0 &&
    times.length * step === minutesOfDay &&
    times.every((time, index) => time === first + index * step);
  const [onSecond = 0] = seconds;
  if (times.length <= mostTimes) return `at ${enumerate(times.map((time) => clock(time, onSecond)))}`;
  if (!isEven)
    return `at ${String(times.length)} times from ${clock(first, onSecond)} to ${clock(times.at(-1) ?? 0, onSecond)}`;
  const interval = step % 60 === 0 ? plural(step / 60, 'hour') : plural(step, 'minute');
  return `every ${interval} from ${clock(first, onSecond)}`;
}

function clock(minuteOfDay: number, second: number): string {
  const parts = [Math.floor(minuteOfDay / 60), minuteOfDay % 60, ...(second === 0 ? [] : [second])];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** Weeks start on Monday, so that a weekend is one range. */
function fromMonday({ weekdays }: Calendar): readonly number[] {
  return weekdays.map((weekday) => (weekday === 0 ? 7 : weekday)).sort((a, b) => a - b);
}

function weekdayName(weekday: number): string {
  return weekdayNames[weekday % 7] ?? '';
}

/** Consecutive values as `first to last`, from three on. */
function ranges(values: readonly number[], render: (value: number) => string): readonly string[] {
  const runs: number[][] = [];
  for (const value of values) {
    const current = runs.at(-1);
    if (current?.at(-1) === value - 1) current.push(value);
    else runs.push([value]);
  }
  return runs.flatMap((run) => {
    const [first = 0] = run;
    return run.length < 3 ? run.map(render) : [`${render(first)} to ${render(run.at(-1) ?? first)}`];
  });
}

function enumerate(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

function plural(count: number, unit: string): string {
  return count === 1 ? unit : `${String(count)} ${unit}s`;
}
