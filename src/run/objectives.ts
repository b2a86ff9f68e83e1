import { Failure } from '../base/failure.ts';
import type { Plan } from '../language/plan/plan.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import type { RunProgress } from './run-progress.ts';

/** The failure of a run whose steps went well and took longer than the plan's RTO; undefined otherwise. */
export function objectiveMissed(plan: Plan, progress: RunProgress): Failure | undefined {
  const { rtoMs } = plan.objectives;
  if (progress.hasFailed || rtoMs === undefined || progress.stepsDurationMs <= rtoMs) return undefined;
  const took = renderDuration(progress.stepsDurationMs);
  return new Failure(
    'objective-missed',
    `the steps took ${took}, longer than the RTO of ${renderDuration(rtoMs)}`,
    {
      hint: 'the longest steps are in the record; see what makes them slow, or agree on another objective',
      where: plan.file,
    },
  );
}
