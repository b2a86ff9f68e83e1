import type { Plan } from '../../language/plan/plan.ts';
import { renderDuration, renderPlanDuration } from '../../base/quantity/duration.ts';
import { nextRuns } from '../../language/schedule/schedule.ts';
import type { Check } from '../check.ts';

/** A drill that has passed. */
export interface PassedDrill {
  readonly runId: string;
  readonly startedAt: Date;
}

export interface DrillQuestion {
  readonly plan: Pick<Plan, 'name' | 'schedule' | 'timeZone' | 'timeoutMs'>;
  /** The newest that passed. */
  readonly last: PassedDrill | undefined;
  readonly now: Date;
  /** How long after its time it counts as overdue; the plan's deadline unless said. */
  readonly graceMs?: number;
  /** Greatest age of a passed drill, in place of the schedule. */
  readonly maxAgeMs?: number;
}

/**
 * Whether a plan's drills keep to its schedule: the one that was due after the last that passed must have passed too, as
 * soon as its deadline is over. A plan that never drilled with success is overdue whatever its schedule says. Pure.
 */
export function judgeDrill(question: DrillQuestion): Check {
  const { plan, last, now, maxAgeMs } = question;
  const what = `drill ${plan.name}`;
  const expected =
    maxAgeMs === undefined
      ? 'a drill that passed, as often as its schedule says'
      : `a drill that passed, not older than ${renderPlanDuration(maxAgeMs)}`;
  if (last === undefined) return { what, state: 'fail', expected, found: 'none has ever passed' };
  const ageMs = now.getTime() - last.startedAt.getTime();
  const found = `${last.runId} passed ${renderDuration(ageMs)} ago`;
  if (maxAgeMs !== undefined) return { what, state: ageMs > maxAgeMs ? 'fail' : 'ok', expected, found };
  const [due] = nextRuns(plan.schedule, last.startedAt, 1, plan.timeZone);
  if (due === undefined) return { what, state: 'ok', expected, found: `${found}; no further one is due` };
  const graceMs = question.graceMs ?? plan.timeoutMs;
  const isOverdue = now.getTime() > due.at.getTime() + graceMs;
  const next = `the next ${isOverdue ? 'was' : 'is'} due on ${due.at.toISOString()}`;
  return { what, state: isOverdue ? 'fail' : 'ok', expected, found: `${found}; ${next}` };
}
