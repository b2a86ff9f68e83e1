import type { EnvironmentsFile } from '../environment/load-environments.ts';
import type { Open } from '../yaml/open.ts';
import { type EnvironmentVariables, checkShape } from '../yaml/shape.ts';
import type { Settings } from '../settings/settings.ts';
import type { KnownTask } from '../task-declaration.ts';
import { checkInterpolations } from './check-interpolations.ts';
import { checkNames, checkPlanName, type KnownNames } from './check-names.ts';
import type { Plan, Step } from './plan.ts';
import { placeFinding, type PlanFile, type Finding, type PlacedStep } from './plan-file.ts';
import type { Problem } from '../problem.ts';
import { applyRules } from './rules/rules.ts';
import { refusal } from '../command-variables.ts';
import { interpolationsIn } from './interpolate.ts';

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
  const bucketName = store?.kind === 's3' ? store.s3.bucket : undefined;
  const bucket = typeof bucketName === 'string' ? environments.buckets.get(bucketName) : undefined;
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

/** Variables of `env:` that no step may give, and those of steps that start no command. */
function checkVariables({ steps }: PlanFile): readonly Finding[] {
  return steps.flatMap(({ step, path }): readonly Finding[] => {
    const names = Object.keys(step.variables ?? {});
    const at = (name: string): Pick<Finding, 'rule' | 'path' | 'atKey'> => ({
      rule: 'command-env',
      path: [...path, 'env', name],
      atKey: true,
    });
    if (step.action.kind === 'confirm' && names.length > 0) {
      const message = 'a question to a person starts no command that could use this';
      return [{ rule: 'command-env', path: [...path, 'env'], atKey: true, message, hint: "remove 'env'" }];
    }
    return names.flatMap((name) => {
      const refused = refusal(name);
      return refused === undefined ? [] : [{ ...at(name), ...refused }];
    });
  });
}

export interface CheckedParameters {
  readonly steps: readonly PlacedStep[];
  readonly problems: readonly Problem[];
  readonly missing: readonly Open[];
}

/**
 * Holds each step's `with` against the schema of its task, built in or the operator's, and puts variables in place.
 * Values that hold `${…}` are checked again when the step starts.
 */
function checkParameters(
  file: PlanFile,
  registered: (task: string) => KnownTask | undefined,
  variables: EnvironmentVariables,
): CheckedParameters {
  const problems: Problem[] = [];
  const missing: Open[] = [];
  const steps = file.steps.map((placed) => {
    const { step, path } = placed;
    const { action } = step;
    const task = action.kind === 'task' ? registered(action.task) : undefined;
    if (action.kind !== 'task' || task === undefined) return placed;
    const base = [...path, 'with'];
    const shape = checkShape(file.document, action.parameters, task.validate, { variables, base, openness });
    problems.push(...shape.problems);
    missing.push(...shape.missing);
    const checked: Step = {
      ...step,
      action: { ...action, parameters: shape.value as Readonly<Record<string, unknown>> },
    };
    return { step: checked, path };
  });
  return { steps, problems, missing };
}

function openness(text: string): 'none' | 'part' | 'whole' {
  const [first] = interpolationsIn(text);
  if (first === undefined) return 'none';
  return first.length === text.length ? 'whole' : 'part';
}
