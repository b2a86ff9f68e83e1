import type { Plan } from '../../language/plan/plan.ts';
import { timeLimitsOf } from '../unit/unit-time-limits.ts';

/** What a scheduler needs before the run begins: to check out, to install, to pull an image. Milliseconds. */
const preparingMs = 10 * 60_000;

/** A scheduler's limits are the second net, milliseconds: the plan's own deadline comes first, its cleanup has its time. */
export interface SchedulerLimits {
  readonly wholeMs: number;
  /** From the request to end until what is left is killed. */
  readonly stopMs: number;
}

export function schedulerLimits(plan: Plan): SchedulerLimits {
  const { startMs, stopMs } = timeLimitsOf(plan);
  return { wholeMs: startMs + preparingMs, stopMs };
}

export function minutes(ms: number): number {
  return Math.ceil(ms / 60_000);
}

export function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
