import { selectionOf } from '../../artifact/partial.ts';
import type { Bucket } from '../../language/environment/bucket.ts';
import type { Environment } from '../../language/environment/environment.ts';
import type { ExaminedEnvironment, Patient } from './patient.ts';
import type { Finding } from '../check.ts';
import { failed } from '../check.ts';
import { Failure } from '../../base/failure.ts';
import type { Plan } from '../../language/plan/plan.ts';
import { resolveBucket, resolveEnvironment } from '../../language/plan/workspace.ts';
import { didYouMean } from '../../language/yaml/did-you-mean.ts';
import { environmentsOf, stepsOfRole, type Plans } from '../../task/plans.ts';

/** What is to be examined, and what of it cannot be because its own YAML keeps it from being known. */
export interface ChosenPatient {
  readonly patient: Patient;
  readonly unusable: readonly Finding[];
}

/**
 * Everything, or what one environment or one plan is about.
 * @throws Failure `usage` for a name that neither bears
 */
export function choosePatient(plans: Plans, name: string | undefined): ChosenPatient {
  const { workspace } = plans;
  const { environments: known, plans: knownPlans } = workspace;
  const isPlan = name !== undefined && [...workspace.planFiles.values()].includes(name);
  if (name !== undefined && !known.has(name) && !isPlan) throw unknownName(plans, name);
  const unusable: Finding[] = [];
  const attempt = <Result>(subject: string, what: string, resolve: () => Result): Result | undefined => {
    try {
      return resolve();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      unusable.push({ subject, ...failed(what, error) });
      return undefined;
    }
  };
  const chosenPlans = [...knownPlans.values()].filter(
    (plan) => name === undefined || plan.name === name || usedBy(plans, plan).includes(name),
  );
  const names = isPlan
    ? chosenPlans.filter((plan) => plan.name === name).flatMap((plan) => usedBy(plans, plan))
    : name === undefined
      ? [...known.keys()]
      : [name];
  const environments = [...new Set(names)].flatMap((each) => {
    const environment = attempt(`environment ${each}`, 'settings', () => resolveEnvironment(workspace, each));
    return environment === undefined ? [] : [examined(plans, environment, chosenPlans)];
  });
  const buckets = [...workspace.buckets.values()]
    .filter((bucket) => name === undefined || bucket.usedBy.some((user) => names.includes(user)))
    .flatMap((bucket): readonly Bucket[] => {
      const found = attempt(`bucket ${bucket.name}`, 'settings', () => resolveBucket(workspace, bucket.name));
      return found === undefined ? [] : [found];
    });
  const isScheduled = chosenPlans.some((plan) => plan.schedule.length > 0 && (!isPlan || plan.name === name));
  const steps = chosenPlans
    .filter((plan) => !isPlan || plan.name === name)
    .flatMap((plan) =>
      plan.steps.map(({ id, variables }) => ({ plan: plan.name, step: id, env: variables ?? {} })),
    );
  return { patient: { environments, buckets, steps, isScheduled }, unusable };
}

function examined(plans: Plans, environment: Environment, chosen: readonly Plan[]): ExaminedEnvironment {
  const { name } = environment;
  const artifactRoles = ['dump', 'verify', 'restore'] as const;
  return {
    environment,
    dumps: dumpsOf(
      chosen.flatMap((plan) => stepsOfRole(plans, plan, 'dump')).filter((step) => step.environment === name),
    ),
    usesArtifacts: chosen.some(
      (plan) =>
        usedBy(plans, plan).includes(name) &&
        artifactRoles.some((role) => stepsOfRole(plans, plan, role).length > 0),
    ),
  };
}

/** What steps dump, each once: a part only where the plan says one in so many words. */
function dumpsOf(steps: Plan['steps']): ExaminedEnvironment['dumps'] {
  const selections = steps.map(({ action }) => {
    if (action.kind !== 'task' || action.task !== 'postgres-dump') return undefined;
    const isSettled = !JSON.stringify(action.parameters).includes('${');
    return isSettled ? selectionOf(action.parameters) : undefined;
  });
  return [...new Map(selections.map((selection) => [JSON.stringify(selection), selection])).values()];
}

/** Of a plan with errors: those that its steps name, as far as they are there. */
function usedBy(plans: Plans, plan: Plan): readonly string[] {
  try {
    return [...environmentsOf(plans, plan).keys()];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const named = [plan.environment, ...plan.steps.map((step) => step.environment)];
    return named.filter((each) => plans.workspace.environments.has(each));
  }
}

function unknownName({ workspace }: Plans, name: string): Failure {
  const known = [...new Set([...workspace.environments.keys(), ...workspace.planFiles.values()])].sort();
  return new Failure('usage', `there is no environment or plan '${name}'${didYouMean(name, known)}`, {
    ...(known.length > 0 && { hint: `there are ${known.join(', ')}` }),
  });
}
