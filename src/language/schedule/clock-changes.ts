import { wallOf } from './zone.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/**
 * Whether one of these times of day (minutes after midnight) is skipped or comes twice in a zone within a year of an
 * instant, because clocks change: what a scheduler then does differs from one to the next.
 */
export function meetsClockChange(times: readonly number[], zone: string, after: Date): boolean {
  if (zone === 'UTC') return false;
  for (let day = 0; day < 366; day += 1) {
    const start = after.getTime() + day * dayMs;
    if (offset(start, zone) === offset(start + dayMs, zone)) continue;
    const change = changeWithin(start, start + dayMs, zone);
    const walls = [wallOf(change - 1, zone) + 1, wallOf(change, zone)].sort((a, b) => a - b);
    const [first = 0, last = 0] = walls;
    for (let wall = first; wall < last; wall += minuteMs) {
      if (times.includes(Math.floor((wall % dayMs) / minuteMs))) return true;
    }
  }
  return false;
}

/** The first instant of the new offset, by halving. */
function changeWithin(from: number, to: number, zone: string): number {
  let [before, after] = [from, to];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offset(middle, zone) === offset(from, zone)) before = middle;
    else after = middle;
  }
  return after;
}

function offset(instant: number, zone: string): number {
  return wallOf(instant, zone) - instant;
}
