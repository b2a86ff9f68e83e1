import type { EnvironmentsFile } from '../environment/load-environments.ts';
import type { EnvironmentVariables } from '../yaml/shape.ts';
import type { Settings } from '../settings/settings.ts';
import type { KnownTask } from '../task-declaration.ts';
import { checkInterpolations } from './check-interpolations.ts';
import { checkNames, checkPlanName, type KnownNames } from './check-names.ts';
import { checkParameters } from './check-parameters.ts';
import { checkVariables } from './check-variables.ts';
import type { Plan } from './plan.ts';
import { placeFinding, type PlanFile } from './plan-file.ts';
import type { Problem } from '../problem.ts';
import { applyRules } from './rules/rules.ts';

/** Everything around a plan that its checks look at. */
export interface Surroundings {
  readonly environments: EnvironmentsFile;
  readonly settings: Settings;
  /** Every task's name. */
  readonly taskNames: readonly string[];
  /** Those of them that plans use and that could be imported. */
  readonly registered: ReadonlyMap<string, KnownTask>;
  readonly commandNames: readonly string[];
  readonly variables: EnvironmentVariables;
  readonly now: Date;
}

/**
 * Checks what a plan names and judges it by the rules; gives the plan with the variables of its tasks' parameters in
 * place. `parsedWell`: parsing found no errors.
 */
export function checkPlan(
  file: PlanFile,
  surroundings: Surroundings,
  parsedWell: boolean,
): { readonly file: PlanFile; readonly problems: readonly Problem[] } {
  const { environments, registered, taskNames, variables } = surroundings;
  const task: KnownNames['task'] = (name) => registered.get(name)?.task;
  const known: KnownNames = { environments: environments.environments, tasks: taskNames, task };
  const parameters = checkParameters(file, (name) => registered.get(name), variables);
  const checked: PlanFile = {
    ...file,
    plan: withSteps(
      file.plan,
      parameters.steps.map(({ step }) => step),
    ),
    steps: parameters.steps,
    missing: [...file.missing, ...parameters.missing],
  };
  const nameFinding = checkPlanName(file.plan.name, surroundings.commandNames);
  const findings = [
    ...(nameFinding === undefined ? [] : [nameFinding]),
    ...checkNames(checked, known),
    ...checkInterpolations(checked, known),
    ...checkVariables(checked),
  ];
  const problems = [
    ...parameters.problems,
    ...findings.map((finding) => placeFinding(file.document, finding)),
  ];
  const environment = environments.environments.get(file.plan.environment);
  const store = environment?.repository?.store;
  const bucket = store?.kind === 's3' ? environments.buckets.get(store.s3.bucket) : undefined;
  const { settings, now } = surroundings;
  const context = {
    plan: checked.plan,
    file: checked,
    environments,
    settings,
    environment,
    bucket,
    task,
    now,
  };
  const isWhole = parsedWell && problems.every(({ severity }) => severity !== 'error');
  return { file: checked, problems: [...problems, ...applyRules(context, isWhole)] };
}

/** Property by property, because a spread would ask for the hash, which is computed when it is asked for. */
function withSteps(plan: Plan, steps: Plan['steps']): Plan {
  const properties = Object.getOwnPropertyDescriptors(plan);
  return Object.freeze(
    Object.defineProperties({}, { ...properties, steps: { ...properties.steps, value: steps } }),
  ) as Plan;
}
