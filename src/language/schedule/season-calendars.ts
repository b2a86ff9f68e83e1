import type { ScheduleEntry } from '../plan/plan.ts';
import { span } from './calendar-field.ts';
import { renderValues, renderWeekdays } from './calendar-text.ts';
import { knownCalendar, type Calendar } from './calendar.ts';
import { seasonOf } from './schedule.ts';
import { wallOf, type WallTime } from './zone.ts';

const dayMs = 86_400_000;
/** systemd counts years from 1970 to 2199. */
const firstYear = 1970;
const lastYear = 2199;
const allMonths = span(1, 12, 1);
/** `00/7`, and neither `00..23/7` nor a zone's name. */
const openStep = /(?<![.\d])\d+\/\d/;

/**
 * The systemd calendar expressions of one entry of a schedule, each with its zone, so that they mean the same on every
 * host. Without `from` and `until` it is the entry's own; a season, which systemd does not know, becomes dates: the days
 * of its first and last month, whole months, whole years. Empty for a season that ends before it starts.
 *
 * A step without an end is written anew, and with an end unless it comes round evenly (`00/6`): systemd (252) counts it
 * past the end of its hour, day, month or year, and the first times after that end are lost, `00:00` of `00/7:00` at the
 * end of a month and of `1/8,0:00` every day.
 *
 * @param zone the plan's IANA zone: of a calendar that names none, and of `from` and `until`
 */
export function calendarsOf(entry: ScheduleEntry, zone: string): readonly string[] {
  const calendar = knownCalendar(entry.calendar);
  const ownZone = calendar.zone ?? zone;
  if (entry.from === undefined && entry.until === undefined && !openStep.test(entry.calendar)) {
    return [calendar.zone === undefined ? `${entry.calendar} ${zone}` : entry.calendar];
  }
  const { start, end } = seasonOf(entry, zone);
  const first = start === -Infinity ? Date.UTC(firstYear) : wallOf(start, ownZone);
  const last = end === Infinity ? Date.UTC(lastYear + 1) : wallOf(end, ownZone);
  return partsOf(first, last).flatMap((part) => renderPart(calendar, part, ownZone));
}

/** Days of which all, or all from a time of day on, or all before one, are inside. */
interface Part {
  readonly dates: Dates;
  /** Milliseconds after midnight, the second exclusive. */
  readonly times: readonly [from: number, to: number];
}

interface Dates {
  readonly years: readonly number[];
  readonly months: readonly number[];
  /** Absent: every day of the months. */
  readonly days?: readonly number[];
}

/** Takes the time between two walls apart. Where the calendar's zone is not the plan's, a season starts within a day. */
function partsOf(first: WallTime, last: WallTime): readonly Part[] {
  const parts: Part[] = [];
  let at = first;
  while (at < last) {
    const midnight = Math.floor(at / dayMs) * dayMs;
    const wholeDays = Math.floor(last / dayMs) * dayMs;
    if (at === midnight && midnight < wholeDays) {
      for (const dates of datesOf(midnight, wholeDays)) parts.push({ dates, times: [0, dayMs] });
      at = wholeDays;
    } else {
      const to = Math.min(midnight + dayMs, last);
      parts.push({ dates: oneDay(midnight), times: [at - midnight, to - midnight] });
      at = to;
    }
  }
  return parts;
}

/** Takes whole days apart into days of a month, months of a year, and years. Both are midnights, the second exclusive. */
function* datesOf(first: WallTime, last: WallTime): Generator<Dates, void> {
  let at = first;
  while (at < last) {
    const { year, month, day } = dateOf(at);
    const end = dateOf(last);
    if (month === 1 && day === 1 && end.year > year) {
      yield { years: span(year, end.year - 1, 1), months: allMonths };
      at = Date.UTC(end.year, 0);
    } else if (day === 1 && (end.year > year || end.month > month)) {
      const afterLast = end.year > year ? 13 : end.month;
      yield { years: [year], months: span(month, afterLast - 1, 1) };
      at = Date.UTC(year, afterLast - 1);
    } else {
      const to = Math.min(Date.UTC(year, month), last);
      yield { years: [year], months: [month], days: span(day, dateOf(to - dayMs).day, 1) };
      at = to;
    }
  }
}

function oneDay(midnight: WallTime): Dates {
  const { year, month, day } = dateOf(midnight);
  return { years: [year], months: [month], days: [day] };
}

function dateOf(wall: WallTime): { readonly year: number; readonly month: number; readonly day: number } {
  const date = new Date(wall);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function renderPart(calendar: Calendar, { dates, times }: Part, zone: string): readonly string[] {
  const weekdays = renderWeekdays(calendar.weekdays);
  const onDates = datePartsOf(calendar, dates);
  const atTimes = timePartsOf(calendar, times);
  return onDates.flatMap((date) => atTimes.map((time) => `${weekdays}${date} ${time} ${zone}`));
}

/** The dates that a calendar and a part have in common, as `2026-11-20..30`; none, one, or one for each length of month. */
function datePartsOf(calendar: Calendar, { years, months, days }: Dates): readonly string[] {
  const chosenYears = years.filter((year) => calendar.years.includes(year));
  const chosenMonths = months.filter((month) => calendar.months.includes(month));
  const render = (ofYears: readonly number[], ofMonths: readonly number[], onDays: readonly number[]) =>
    ofYears.length === 0 || ofMonths.length === 0 || onDays.length === 0
      ? []
      : [
          `${renderYears(ofYears)}-${renderValues(ofMonths, { least: 1, greatest: 12 })}-${renderDays(onDays)}`,
        ];
  const allowed = (length: number): readonly number[] =>
    (calendar.days[length - 28] ?? []).filter((day) => days === undefined || days.includes(day));
  if (!countsFromEnd(calendar)) return render(chosenYears, chosenMonths, allowed(31));
  const lengths = new Map<number, { readonly years: Set<number>; readonly months: Set<number> }>();
  for (const year of chosenYears) {
    for (const month of chosenMonths) {
      const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
      const known = lengths.get(length) ?? { years: new Set<number>(), months: new Set<number>() };
      lengths.set(length, known);
      known.years.add(year);
      known.months.add(month);
    }
  }
  return [...lengths].flatMap(([length, of]) => render([...of.years], [...of.months], allowed(length)));
}

/** Whether the days of a month depend on its length in another way than that a short one lacks the last. */
function countsFromEnd({ days }: Calendar): boolean {
  const [, , , longest] = days;
  return days.some((some, index) => some.join() !== longest.filter((day) => day <= index + 28).join());
}

function renderYears(years: readonly number[]): string {
  return renderValues(years, { least: firstYear, greatest: lastYear });
}

function renderDays(days: readonly number[]): string {
  return renderValues(days, { least: 1, greatest: 31 });
}

/** Hours, minutes and seconds that match together. */
interface Times {
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
}

function timePartsOf(calendar: Calendar, [from, to]: Part['times']): readonly string[] {
  const sixty = { least: 0, greatest: 59 };
  return onlyFrom(calendar, from)
    .flatMap((times) => onlyBefore(times, to))
    .filter(({ hours, minutes, seconds }) => Math.min(hours.length, minutes.length, seconds.length) > 0)
    .map(({ hours, minutes, seconds }) =>
      [
        renderValues(hours, { least: 0, greatest: 23 }),
        renderValues(minutes, sixty),
        renderValues(seconds, sixty),
      ].join(':'),
    );
}

function onlyFrom(times: Times, from: number): readonly Times[] {
  if (from === 0) return [times];
  const { hour, minute, second } = clockOf(from);
  const { hours, minutes, seconds } = times;
  const sameHour = hours.filter((each) => each === hour);
  return [
    {
      hours: sameHour,
      minutes: minutes.filter((each) => each === minute),
      seconds: seconds.filter((each) => each >= second),
    },
    { hours: sameHour, minutes: minutes.filter((each) => each > minute), seconds },
    { hours: hours.filter((each) => each > hour), minutes, seconds },
  ];
}

function onlyBefore(times: Times, to: number): readonly Times[] {
  if (to === dayMs) return [times];
  const { hour, minute, second } = clockOf(to);
  const { hours, minutes, seconds } = times;
  const sameHour = hours.filter((each) => each === hour);
  return [
    { hours: hours.filter((each) => each < hour), minutes, seconds },
    { hours: sameHour, minutes: minutes.filter((each) => each < minute), seconds },
    {
      hours: sameHour,
      minutes: minutes.filter((each) => each === minute),
      seconds: seconds.filter((each) => each < second),
    },
  ];
}

function clockOf(ms: number): { readonly hour: number; readonly minute: number; readonly second: number } {
  const seconds = ms / 1000;
  return { hour: Math.floor(seconds / 3600), minute: Math.floor(seconds / 60) % 60, second: seconds % 60 };
}
