import type { ScheduleEntry } from '../plan/plan.ts';
import { knownCalendar, year, type Calendar } from './calendar.ts';
import { occurrences } from './occurrence.ts';
import { startOfDay } from './zone.ts';

/** A time at which a plan runs, and the entries of its schedule that say so. */
export interface ScheduledRun {
  readonly at: Date;
  readonly entries: readonly ScheduleEntry[];
}

/** Two runs with nothing between them. */
export interface ScheduleGap {
  readonly after: Date;
  readonly before: Date;
  readonly durationMs: number;
}

/** Five years see every leap day but those around a century; 20,000 runs keep a schedule of minutes quick to judge. */
const horizonMs = 5 * 366 * 86_400_000;
const horizonRuns = 20_000;

/**
 * The runs of a whole schedule after an instant, ascending, entries that fall together as one; endless for most
 * schedules, so take what is needed.
 *
 * @param zone the plan's IANA zone: of calendars that name none, and of `from` and `until`
 */
export function* scheduledRuns(
  schedule: readonly ScheduleEntry[],
  after: Date,
  zone: string,
): Generator<ScheduledRun, void> {
  const sources = schedule.map((entry) => {
    const times = entryRuns(entry, after, zone);
    return { entry, times, next: times.next().value };
  });
  for (;;) {
    const times = sources.flatMap(({ next }) => (next === undefined ? [] : [next.getTime()]));
    if (times.length === 0) return;
    const earliest = Math.min(...times);
    const due = sources.filter(({ next }) => next?.getTime() === earliest);
    for (const source of due) source.next = source.times.next().value;
    yield { at: new Date(earliest), entries: due.map(({ entry }) => entry) };
  }
}

/** The next `count` runs of a schedule; fewer when it ends before. */
export function nextRuns(
  schedule: readonly ScheduleEntry[],
  after: Date,
  count: number,
  zone: string,
): readonly ScheduledRun[] {
  const runs: ScheduledRun[] = [];
  if (count <= 0) return runs;
  for (const run of scheduledRuns(schedule, after, zone)) {
    runs.push(run);
    if (runs.length >= count) break;
  }
  return runs;
}

/**
 * The longest time between two consecutive runs within five years (or `withinMs`) or 20,000 runs, whichever ends first;
 * undefined for a schedule with fewer than two runs. What a recovery point objective is held against.
 */
export function longestGap(
  schedule: readonly ScheduleEntry[],
  after: Date,
  zone: string,
  withinMs = horizonMs,
): ScheduleGap | undefined {
  let longest: ScheduleGap | undefined;
  let previous: Date | undefined;
  let count = 0;
  const spanMs = Math.min(withinMs, repeatsAfterMs(schedule, after, zone));
  for (const { at } of scheduledRuns(schedule, after, zone)) {
    const durationMs = previous === undefined ? 0 : at.getTime() - previous.getTime();
    if (previous !== undefined && durationMs > (longest?.durationMs ?? 0)) {
      longest = { after: previous, before: at, durationMs };
    }
    previous = at;
    count += 1;
    if (count >= horizonRuns || at.getTime() - after.getTime() > spanMs) break;
  }
  return longest;
}

/**
 * After so long a schedule of every day has shown all its gaps and meetings: two days after the last season's edge, where
 * clocks change a year. Infinity for any other schedule.
 */
export function repeatsAfterMs(schedule: readonly ScheduleEntry[], after: Date, zone: string): number {
  const calendars = schedule.map(({ calendar }) => knownCalendar(calendar));
  if (!calendars.every(isOfEveryDay)) return Infinity;
  const days = calendars.every((calendar) => (calendar.zone ?? zone) === 'UTC') ? 2 : 367;
  const edges = schedule.flatMap((entry) => Object.values(seasonOf(entry, zone))).filter(Number.isFinite);
  return Math.max(0, ...edges.map((edge) => edge - after.getTime())) + days * 86_400_000;
}

function isOfEveryDay({ years, months, days, weekdays }: Calendar): boolean {
  return (
    years.length === year.greatest - year.least + 1 &&
    months.length === 12 &&
    weekdays.length === 7 &&
    days.every((each, index) => each.length === 28 + index)
  );
}

function* entryRuns(entry: ScheduleEntry, after: Date, zone: string): Generator<Date, void> {
  const { start, end } = seasonOf(entry, zone);
  const earliest = new Date(Math.max(after.getTime(), start - 1));
  for (const at of occurrences(knownCalendar(entry.calendar), earliest, zone)) {
    if (at.getTime() >= end) return;
    yield at;
  }
}

/** First instant inside and first instant after; both days are inclusive. */
export function seasonOf(
  entry: ScheduleEntry,
  zone: string,
): { readonly start: number; readonly end: number } {
  const dayMs = 86_400_000;
  return {
    start: entry.from === undefined ? -Infinity : startOfDay(Date.parse(entry.from), zone),
    end: entry.until === undefined ? Infinity : startOfDay(Date.parse(entry.until) + dayMs, zone),
  };
}
