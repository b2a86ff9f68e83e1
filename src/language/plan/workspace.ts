import type { Bucket } from '../environment/bucket.ts';
import type { Environment } from '../environment/environment.ts';
import { Failure } from '../../base/failure.ts';
import { didYouMean } from '../yaml/did-you-mean.ts';
import type { MissingVariable } from '../yaml/shape.ts';
import type { KnownTask } from '../task-declaration.ts';
import type { Plan } from './plan.ts';
import type { Problem } from '../problem.ts';

/** All plans and environments of a folder, read and checked: what every command starts from. Frozen. */
export interface Workspace<Known extends KnownTask = KnownTask> {
  /** By name, those with problems too as long as they are YAML. */
  readonly plans: ReadonlyMap<string, Plan>;
  readonly environments: ReadonlyMap<string, Environment>;
  readonly buckets: ReadonlyMap<string, Bucket>;
  /** The tasks that the plans use, imported. */
  readonly tasks: ReadonlyMap<string, Known>;
  /** Of all files, sorted by file and place. */
  readonly problems: readonly Problem[];
  /** Text of every file that was read, by the path that problems name: for code frames. */
  readonly sources: ReadonlyMap<string, string>;
  /** Plans by the path of their file, also those that are no YAML. */
  readonly planFiles: ReadonlyMap<string, string>;
  readonly environmentsFile: string;
  readonly missing: readonly (MissingVariable & { readonly file: string })[];
}

/** The problems that concern one plan: of its file, of the environments' file, of its tasks' modules. */
export function problemsOf(workspace: Workspace, planName: string): readonly Problem[] {
  const otherPlans = [...workspace.planFiles].filter(([, name]) => name !== planName).map(([file]) => file);
  return workspace.problems.filter(({ file }) => !otherPlans.includes(file));
}

/**
 * A plan that may run here and now.
 * @throws Failure `usage` for an unknown name, `plan-invalid` when it has errors, `variable-missing`
 */
export function resolvePlan(workspace: Workspace, name: string): Plan {
  const known = [...workspace.planFiles.values()];
  if (!known.includes(name)) {
    throw new Failure('usage', `there is no plan '${name}'${didYouMean(name, known)}`, {
      hint:
        known.length === 0
          ? 'no plans were found here: run-plan looks in plans/, or where run-plan.yaml says'
          : `the plans are ${known.sort().join(', ')}`,
    });
  }
  const errors = problemsOf(workspace, name).filter(({ severity }) => severity === 'error');
  const plan = workspace.plans.get(name);
  const [first] = errors;
  if (first !== undefined || plan === undefined) {
    const count = errors.length === 1 ? 'an error' : `${String(errors.length)} errors`;
    throw new Failure(
      'plan-invalid',
      `plan '${name}' has ${count}: ${first?.message ?? 'it could not be read'}`,
      {
        hint: 'run-plan validate shows every problem',
        ...(first !== undefined && { where: `${first.file}:${String(first.line)}:${String(first.column)}` }),
      },
    );
  }
  requireVariables(workspace.missing.filter(({ file }) => file === plan.file));
  return plan;
}

/**
 * An environment whose every setting is known here and now.
 * @throws Failure `environment-incomplete` for an unknown name, `variable-missing`
 */
export function resolveEnvironment(workspace: Workspace, name: string): Environment {
  const environment = workspace.environments.get(name);
  if (environment === undefined) {
    const meant = didYouMean(name, workspace.environments.keys());
    throw new Failure('environment-incomplete', `there is no environment '${name}'${meant}`);
  }
  requireVariables(
    workspace.missing.filter(
      ({ file, path }) =>
        file === workspace.environmentsFile && path[0] === 'environments' && path[1] === name,
    ),
  );
  return environment;
}

/** What of an environment concerns its buckets: where they are, and whether they are guarded. */
const bucketRelevant = ['repository', 'uploads', 'protected'];

/**
 * A bucket whose every setting is known here and now, those of the environments that it is reached by included.
 * @throws Failure `usage` for an unknown name, `variable-missing`
 */
export function resolveBucket(workspace: Workspace, name: string): Bucket {
  const bucket = workspace.buckets.get(name);
  if (bucket === undefined) {
    throw new Failure('usage', `there is no bucket '${name}'${didYouMean(name, workspace.buckets.keys())}`);
  }
  const isPart = (path: MissingVariable['path']): boolean =>
    path[0] === 'buckets'
      ? path[1] === name
      : bucket.usedBy.includes(String(path[1])) && bucketRelevant.includes(String(path[2]));
  requireVariables(
    workspace.missing.filter(({ file, path }) => file === workspace.environmentsFile && isPart(path)),
  );
  return bucket;
}

function requireVariables(missing: readonly MissingVariable[]): void {
  const [first] = missing;
  if (first === undefined) return;
  const names = [...new Set(missing.map(({ variable }) => variable))];
  const subject =
    names.length === 1 ? `the variable ${String(names[0])} is` : `the variables ${names.join(', ')} are`;
  throw new Failure('variable-missing', `${subject} not set`, {
    hint: 'set it in the environment of the run, or write a default beside env',
    where: first.position,
  });
}
