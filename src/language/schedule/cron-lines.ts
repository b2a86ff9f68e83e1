import type { ScheduleEntry } from '../plan/plan.ts';
import { span } from './calendar-field.ts';
import { renderRanges } from './calendar-text.ts';
import { knownCalendar, type Calendar } from './calendar.ts';

/** One line of a crontab, or of a scheduler that reads cron's five fields. */
export interface CronLine {
  /** Minute, hour, day of the month, month, weekday. The last two kinds of day are never both restricted. */
  readonly fields: string;
  /** IANA zone in which the fields are meant. */
  readonly zone: string;
  /** Minutes after midnight at which it fires, ascending. */
  readonly times: readonly number[];
  /** It fires at every time of the schedule and at others too: a run must ask whether it is due. */
  readonly isWider: boolean;
}

export interface CronLines {
  readonly lines: readonly CronLine[];
  /** Calendars that fire within a minute, which cron cannot say at all. */
  readonly unsayable: readonly string[];
}

/** Days on which a time of day fires. */
interface Days {
  readonly months: readonly number[];
  readonly days: readonly number[];
  readonly weekdays: readonly number[];
  readonly isWider: boolean;
}

const allMonths = span(1, 12, 1);
const allDays = span(1, 31, 1);
const allWeekdays = span(0, 6, 1);
const allYears = 230;
const dayMs = 86_400_000;

/**
 * A schedule as lines of cron, each in its calendar's zone. Every time of day stands in one line only, so that nothing
 * fires twice where entries meet. Seasons, years, days counted from a month's end, and weekdays together with days of
 * the month are more than cron can say: such a line is wider.
 *
 * @param zone the plan's IANA zone, of calendars that name none
 */
export function cronLines(schedule: readonly ScheduleEntry[], zone: string): CronLines {
  const zones = new Map<string, Map<number, Days>>();
  const unsayable: string[] = [];
  for (const entry of schedule) {
    const calendar = knownCalendar(entry.calendar);
    if (calendar.seconds.join() !== '0') {
      unsayable.push(entry.calendar);
      continue;
    }
    const days = daysOf(calendar, entry);
    if (days.months.length === 0) continue;
    const times = zones.get(calendar.zone ?? zone) ?? new Map<number, Days>();
    zones.set(calendar.zone ?? zone, times);
    for (const time of calendar.hours.flatMap((hour) =>
      calendar.minutes.map((minute) => hour * 60 + minute),
    )) {
      const known = times.get(time);
      times.set(time, known === undefined ? days : either(known, days));
    }
  }
  return { lines: [...zones].flatMap(([name, times]) => linesOf(times, name)), unsayable };
}

function daysOf(calendar: Calendar, entry: ScheduleEntry): Days {
  const days = allDays.filter((day) => calendar.days.some((some) => some.includes(day)));
  const countsFromEnd = calendar.days.some(
    (some, index) => some.join() !== days.filter((day) => day <= index + 28).join(),
  );
  // cron fires on either when both are restricted, a calendar only where they meet.
  const meets = days.length < allDays.length && calendar.weekdays.length < allWeekdays.length;
  const isSeason = entry.from !== undefined || entry.until !== undefined;
  return {
    months: calendar.months.filter((month) => seasonMonths(entry).includes(month)),
    days,
    weekdays: meets ? allWeekdays : calendar.weekdays,
    isWider: countsFromEnd || meets || isSeason || calendar.years.length < allYears,
  };
}

/** The months that a season touches, a day more at both ends: the calendar's zone need not be the plan's. */
function seasonMonths({ from, until }: ScheduleEntry): readonly number[] {
  if (from === undefined || until === undefined) return allMonths;
  const first = new Date(Date.parse(from) - dayMs);
  const last = new Date(Date.parse(until) + dayMs);
  const count =
    (last.getUTCFullYear() - first.getUTCFullYear()) * 12 + last.getUTCMonth() - first.getUTCMonth();
  return span(0, Math.min(count, 11), 1).map((index) => ((first.getUTCMonth() + index) % 12) + 1);
}

/** The days of both; where they differ, a field cannot say which goes with which. */
function either(left: Days, right: Days): Days {
  if (keyOf(left) === keyOf(right)) return { ...left, isWider: left.isWider && right.isWider };
  const both = (key: 'months' | 'days' | 'weekdays'): readonly number[] =>
    [...new Set([...left[key], ...right[key]])].sort((a, b) => a - b);
  const days = both('days');
  const weekdays = both('weekdays');
  const meets = days.length < allDays.length && weekdays.length < allWeekdays.length;
  return { months: both('months'), days, weekdays: meets ? allWeekdays : weekdays, isWider: true };
}

/** Groups times of the same days, then minutes of the same hours. */
function linesOf(times: ReadonlyMap<number, Days>, zone: string): readonly CronLine[] {
  const groups = new Map<string, { readonly days: Days; readonly hours: Map<number, number[]> }>();
  for (const [time, days] of [...times].sort(([a], [b]) => a - b)) {
    const key = `${keyOf(days)} ${String(days.isWider)}`;
    const group = groups.get(key) ?? { days, hours: new Map<number, number[]>() };
    groups.set(key, group);
    group.hours.set(time % 60, [...(group.hours.get(time % 60) ?? []), Math.floor(time / 60)]);
  }
  return [...groups.values()].flatMap(({ days, hours }) => {
    const minutes = Map.groupBy(hours.keys(), (minute) => hours.get(minute)?.join() ?? '');
    return [...minutes].map(([hoursKey, ofHours]) => {
      const atHours = hoursKey.split(',').map(Number);
      const atMinutes = ofHours.toSorted((a, b) => a - b);
      return {
        fields: [
          renderField(atMinutes, 0, 59),
          renderField(atHours, 0, 23),
          renderField(days.days, 1, 31),
          renderField(days.months, 1, 12),
          renderField(days.weekdays, 0, 6),
        ].join(' '),
        zone,
        times: atHours.flatMap((hour) => atMinutes.map((minute) => hour * 60 + minute)),
        isWider: days.isWider,
      };
    });
  });
}

function keyOf({ months, days, weekdays }: Days): string {
  return [months, days, weekdays].map((values) => values.join()).join(' ');
}

/** `*`, `*` with a step of a clock that comes round evenly, or a list with ranges of three and more. */
function renderField(values: readonly number[], least: number, greatest: number): string {
  const size = greatest - least + 1;
  if (values.length === size) return '*';
  const step = size / values.length;
  if (least === 0 && values.length > 2 && span(least, greatest, step).join() === values.join())
    return `*/${step}`;
  return renderRanges(values, String, '-');
}
