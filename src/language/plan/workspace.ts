import type { Bucket, DeclaredBucket } from '../environment/bucket.ts';
import type { DeclaredEnvironment, Environment } from '../environment/environment.ts';
import { Failure } from '../../base/failure.ts';
import { didYouMean } from '../yaml/did-you-mean.ts';
import { Open, openIn } from '../yaml/open.ts';
import type { KnownTask } from '../task-declaration.ts';
import type { Plan } from './plan.ts';
import type { Problem } from '../problem.ts';

/** All plans and environments of a folder, read and checked: what every command starts from. Frozen. */
export interface Workspace<Known extends KnownTask = KnownTask> {
  /** By name, those with problems too as long as they are YAML. */
  readonly plans: ReadonlyMap<string, Plan>;
  readonly environments: ReadonlyMap<string, DeclaredEnvironment>;
  readonly buckets: ReadonlyMap<string, DeclaredBucket>;
  /** The tasks that the plans use, imported. */
  readonly tasks: ReadonlyMap<string, Known>;
  /** Of all files, sorted by file and place. */
  readonly problems: readonly Problem[];
  /** Text of every file that was read, by the path that problems name: for code frames. */
  readonly sources: ReadonlyMap<string, string>;
  /** Plans by the path of their file, also those that are no YAML. */
  readonly planFiles: ReadonlyMap<string, string>;
  readonly environmentsFile: string;
  readonly missing: readonly { readonly file: string; readonly open: Open }[];
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
  requireVariables(workspace.missing.filter(({ file }) => file === plan.file).map(({ open }) => open));
  return plan;
}

/** Keys of a plan, at whatever depth, that decide when its runs begin and end and where they work. */
const decidesUnits = new Set([
  ...['schedule', 'timer', 'time-zone', 'environment', 'timeout', 'stall-timeout', 'retry'],
]);

/**
 * A plan as its units need it: what its steps do may be open on the host that installs them.
 * @throws Failure `variable-missing`: a timer would be lost, a deadline be another
 */
export function requireUnitsKnown({ missing }: Workspace, { file }: Plan): void {
  const ofPlan = missing.flatMap((each) => (each.file === file ? [each.open] : []));
  requireVariables(ofPlan.filter(({ path }) => path.some((key) => decidesUnits.has(String(key)))));
}

/**
 * An environment whose every setting is known here and now.
 * @throws Failure `environment-incomplete` for an unknown name, `variable-missing`
 */
export function resolveEnvironment(workspace: Workspace, name: string): Environment {
  const environment = workspace.environments.get(name);
  if (environment === undefined) {
    // The name itself may be what a plan takes from a variable.
    requireVariables(
      workspace.missing.flatMap(({ open }) =>
        open.path.at(-1) === 'environment' && String(open) === name ? [open] : [],
      ),
    );
    const meant = didYouMean(name, workspace.environments.keys());
    throw new Failure('environment-incomplete', `there is no environment '${name}'${meant}`);
  }
  requireVariables(openOf(workspace, (path) => path[0] === 'environments' && path[1] === name));
  // Every value that was open is known now.
  return environment as Environment;
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
  const isPart = (path: Open['path']): boolean =>
    path[0] === 'buckets'
      ? path[1] === name
      : bucket.usedBy.includes(String(path[1])) && bucketRelevant.includes(String(path[2]));
  requireVariables([...openOf(workspace, isPart), ...openIn(bucket.connection)]);
  // Every value that was open is known now.
  return bucket as Bucket;
}

/** What is open at some places of the environments' file. */
function openOf(
  { missing, environmentsFile }: Workspace,
  isPart: (path: Open['path']) => boolean,
): readonly Open[] {
  return missing.flatMap(({ file, open }) => (file === environmentsFile && isPart(open.path) ? [open] : []));
}

/** The value, where it is known here and now. @throws Failure `variable-missing` */
export function demandKnown<T>(value: T | Open): T {
  if (value instanceof Open) requireVariables([value]);
  return value as T;
}

function requireVariables(missing: readonly Open[]): void {
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
