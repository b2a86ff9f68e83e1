import { readYaml } from '../../language/yaml/yaml-document.ts';
import type { ExportedPlan } from './exported-plan.ts';
import { Failure } from '../../base/failure.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { choosePlan, choosePlans, type Plans } from '../../task/plans.ts';
import { environmentsUsed } from '../unit/unit-difference.ts';

/**
 * The plans that an export is about: those named, otherwise every one with a schedule. Variables that environments
 * refer to need not be set here: the scheduler sets them.
 * @throws Failure `usage`, `plan-invalid`, `variable-missing` for a variable of a plan's own file
 */
export function exportedPlans(plans: Plans, names: readonly string[]): readonly ExportedPlan[] {
  const chosen =
    names.length > 0
      ? [...new Set(names)].sort().map((name) => choosePlan(plans, name))
      : choosePlans(plans, undefined).filter(({ schedule }) => schedule.length > 0);
  if (chosen.length === 0) {
    throw new Failure('usage', 'no plan has a schedule', {
      hint: 'name the plans, or give one a schedule: schedule: [{ calendar: daily }]',
    });
  }
  return chosen.map((plan) => exportedPlan(plans, plan));
}

function exportedPlan(plans: Plans, plan: Plan): ExportedPlan {
  const { workspace } = plans;
  const environments = environmentsUsed(plans, plan);
  const file = written(plans, workspace.environmentsFile);
  const all =
    typeof file === 'object' && file !== null && 'environments' in file ? file.environments : undefined;
  const ofEnvironments = new Map<string, unknown>(
    typeof all === 'object' && all !== null ? Object.entries(all) : [],
  );
  const confirms = environments.find(
    (environment) => environment.protected && writesTo(plans, plan, environment.name),
  );
  return {
    plan,
    environments,
    written: [written(plans, plan.file), ...environments.map(({ name }) => ofEnvironments.get(name))],
    ...(confirms !== undefined && { confirms: confirms.name }),
  };
}

/** As a run decides it: see `protectedWrites`. */
function writesTo({ workspace }: Plans, plan: Plan, environment: string): boolean {
  return plan.steps.some(
    (step) =>
      step.environment === environment &&
      (step.action.kind === 'task'
        ? (workspace.tasks.get(step.action.task)?.task.writes.length ?? 0) > 0
        : step.action.kind === 'run' && plan.writes === environment),
  );
}

function written({ workspace }: Plans, file: string): unknown {
  const text = workspace.sources.get(file);
  return text === undefined ? undefined : readYaml({ file, text, bytes: Buffer.from(text) }).document?.value;
}
