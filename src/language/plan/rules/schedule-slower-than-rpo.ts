import { renderPlanDuration } from '../../../base/quantity/duration.ts';
import { longestGap } from '../../schedule/schedule.ts';
import { wallOf } from '../../schedule/zone.ts';
import type { Rule } from './rule.ts';

/** Every season and each change of clocks comes within a year; looking further makes every start slower. */
const horizonMs = 400 * 86_400_000;

export const scheduleSlowerThanRpo: Rule = {
  name: 'schedule-slower-than-rpo',
  severity: 'error',
  reason:
    'An objective that the schedule cannot meet is missed every day, and then nobody looks when it matters.',
  check: ({ plan, now }) => {
    const { rpoMs } = plan.objectives;
    if (rpoMs === undefined || plan.schedule.length === 0) return [];
    const gap = longestGap(plan.schedule, now, plan.timeZone, horizonMs);
    if (gap === undefined) return [];
    // A day on which clocks go back has 25 hours; an objective of a day means a day.
    const onTheWall =
      wallOf(gap.before.getTime(), plan.timeZone) - wallOf(gap.after.getTime(), plan.timeZone);
    const gapMs = Math.min(gap.durationMs, onTheWall);
    if (gapMs <= rpoMs) return [];
    const message =
      `the schedule leaves ${renderPlanDuration(gapMs)} between two runs ` +
      `(from ${instant(gap.after)} to ${instant(gap.before)}), the objective is ${renderPlanDuration(rpoMs)}`;
    return [{ message, hint: 'run it more often, or widen objectives.rpo', path: ['objectives', 'rpo'] }];
  },
};

function instant(date: Date): string {
  return date.toISOString().replace(/:00\.000Z$/, 'Z');
}
