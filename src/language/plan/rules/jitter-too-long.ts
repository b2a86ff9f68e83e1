import { renderPlanDuration } from '../../../base/quantity/duration.ts';
import { closestRunsMs, longestJitterMs } from '../../schedule/jitter.ts';
import type { Rule } from './rule.ts';

export const jitterTooLong: Rule = {
  name: 'jitter-too-long',
  severity: 'error',
  reason:
    'A missed run waits for its jitter again after each boot (systemd#21166), so a host that boots often never runs the plan.',
  check: ({ plan }) => {
    const jitterMs = plan.timer?.jitterMs;
    if (jitterMs === undefined || plan.schedule.length === 0) return [];
    const allowedMs = Math.min(longestJitterMs, closestRunsMs(plan.schedule) / 2);
    if (jitterMs <= allowedMs) return [];
    const message = `a jitter of ${renderPlanDuration(jitterMs)} is more than this schedule bears`;
    return [{ message, hint: `at most ${renderPlanDuration(allowedMs)}`, path: ['timer', 'jitter'] }];
  },
};
