import type { ScheduleEntry } from '../plan/plan.ts';
import { knownCalendar } from './calendar.ts';

const dayMs = 86_400_000;
const standardMs = 60_000;

/**
 * The longest jitter that is allowed, milliseconds. After a boot systemd adds the delay of a missed run to the time of
 * the boot, so that with a long one a host that boots often never catches up (systemd#21166).
 */
export const longestJitterMs = 15 * 60_000;

/**
 * How much later than said a run may start, milliseconds, so that not every plan of every host starts in one second: a
 * minute, and less where runs follow closely. The delay of a timer is always the same (`FixedRandomDelay=`).
 */
export function standardJitterMs(schedule: readonly ScheduleEntry[]): number {
  return Math.floor(Math.min(standardMs, closestRunsMs(schedule) / 10) / 1000) * 1000;
}

/** The shortest time between two runs of one entry on one day or over midnight, milliseconds. */
export function closestRunsMs(schedule: readonly ScheduleEntry[]): number {
  return Math.min(dayMs, ...schedule.map(({ calendar }) => closestTimesMs(knownCalendar(calendar))));
}

function closestTimesMs({ hours, minutes, seconds }: ReturnType<typeof knownCalendar>): number {
  const smallest = (values: readonly number[], around: number): number =>
    Math.min(...values.map((value, index) => (values[index + 1] ?? (values[0] ?? 0) + around) - value));
  if (seconds.length > 1) return smallest(seconds, 60) * 1000;
  if (minutes.length > 1) return smallest(minutes, 60) * 60_000;
  return smallest(hours, 24) * 3_600_000;
}
