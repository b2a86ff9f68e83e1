import type { Calendar } from './calendar.ts';
import { instantOf, wallOf, type WallTime } from './zone.ts';

const dayMs = 86_400_000;

/**
 * The instants after `after` at which a calendar fires, ascending, until its years end (2199). Where clocks go back it
 * fires once, at the first of the two times; a time that is skipped where they go forward does not fire, as in systemd.
 * Timers do the same: what systemd would make of an expression otherwise, `calendarsOf` writes in other words.
 *
 * @param zone IANA zone for a calendar that names none
 */
export function* occurrences(calendar: Calendar, after: Date, zone: string): Generator<Date, void> {
  const ownZone = calendar.zone ?? zone;
  const times = timesOfDay(calendar);
  const start = wallOf(after.getTime(), ownZone);
  for (const midnight of matchingDays(calendar, start)) {
    for (const time of times) {
      const wall = midnight + time;
      // A second of slack keeps milliseconds out; what is not after `after` falls to the comparison below.
      if (wall < start - 1000) continue;
      const instant = instantOf(wall, ownZone);
      if (instant !== undefined && instant > after.getTime()) yield new Date(instant);
    }
  }
}

/** The first `count` occurrences; fewer, or none, when the calendar ends before. */
export function nextOccurrences(
  calendar: Calendar,
  after: Date,
  count: number,
  zone: string,
): readonly Date[] {
  const found: Date[] = [];
  if (count <= 0) return found;
  for (const occurrence of occurrences(calendar, after, zone)) {
    found.push(occurrence);
    if (found.length >= count) break;
  }
  return found;
}

/** Whether a calendar never fires after an instant: `*-02-30`, or years that have passed. */
export function neverFires(calendar: Calendar, after: Date, zone: string): boolean {
  return nextOccurrences(calendar, after, 1, zone).length === 0;
}

/** Midnights of the days that match, from the day of `start` on. */
function* matchingDays(calendar: Calendar, start: WallTime): Generator<WallTime, void> {
  const first = Math.floor(start / dayMs) * dayMs;
  const startYear = new Date(start).getUTCFullYear();
  const startMonth = startYear * 12 + new Date(start).getUTCMonth();
  for (const year of calendar.years) {
    if (year < startYear) continue;
    for (const month of calendar.months) {
      if (year * 12 + month - 1 < startMonth) continue;
      for (const day of daysOfMonth(calendar, year, month)) {
        const midnight = Date.UTC(year, month - 1, day);
        if (midnight >= first && calendar.weekdays.includes(new Date(midnight).getUTCDay())) yield midnight;
      }
    }
  }
}

function daysOfMonth(calendar: Calendar, year: number, month: number): readonly number[] {
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return calendar.days[length - 28] ?? [];
}

/** Milliseconds after midnight, ascending. At most 86,400 of them, for `*:*:*`. */
function timesOfDay(calendar: Calendar): readonly number[] {
  const { hours, minutes, seconds } = calendar;
  return hours.flatMap((hour) =>
    minutes.flatMap((minute) => seconds.map((second) => ((hour * 60 + minute) * 60 + second) * 1000)),
  );
}
