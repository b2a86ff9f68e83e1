import { durationOf } from '../../base/quantity/duration.ts';
import { defaults } from '../../language/generated/plan.defaults.ts';
import type { WatchedDrill } from './open-sign-offs.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { stepsOfRole, type Plans } from '../../task/plans.ts';

/** Drills that use an environment: their open questions concern whoever hears of it. A drill that runs every quarter cannot remind itself. */
export function watchedDrills(plans: Plans, environment: string): readonly WatchedDrill[] {
  const uses = (plan: Plan): boolean =>
    plan.environment === environment ||
    plan.steps.some(
      (step) =>
        step.environment === environment ||
        (step.action.kind === 'task' && Object.values(step.action.parameters).includes(environment)),
    );
  return [...plans.workspace.plans.values()]
    .filter((plan) => stepsOfRole(plans, plan, 'restore').length > 0 && uses(plan))
    .map((plan) => ({
      plan: plan.name,
      withinMs: plan.alerts?.signOffWithinMs ?? durationOf(defaults.alerts['sign-off-within']),
    }));
}
