import { defined } from '../base/defined.ts';
import type { Environment } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { loadWorkspace } from '../language/plan/load-workspace.ts';
import type { Plan } from '../language/plan/plan.ts';
import type { Problem } from '../language/problem.ts';
import { resolveEnvironment, resolvePlan, type Workspace } from '../language/plan/workspace.ts';
import type { S3Options } from '../s3/client.ts';
import { openRepository } from '../store/open.ts';
import type { Repository } from '../store/repository.ts';
import { didYouMean } from '../language/yaml/did-you-mean.ts';
import type { Secrets } from '../language/secret-reference.ts';
import { teachVariables } from '../process/secrets/references-in.ts';
import { createSecretStore } from '../process/secrets/secret-store.ts';
import { loadSettings } from '../language/settings/load-settings.ts';
import { requireOwnFolder } from '../language/settings/trust.ts';
import type { Settings } from '../language/settings/settings.ts';
import { createTaskRegistry, type RegisteredTask, type TaskRegistry } from './registry.ts';
import { commandNames } from '../language/command-names.ts';
import { warn, type CommandHost } from './host.ts';

/** What every command starts from: the settings, and all plans and environments, read and checked. */
export interface Plans {
  readonly settings: Settings;
  readonly registry: TaskRegistry;
  readonly workspace: Workspace<RegisteredTask>;
  /** Of the settings and of every plan. */
  readonly problems: readonly Problem[];
  readonly sources: ReadonlyMap<string, string>;
  readonly secrets: Secrets;
}

/**
 * Loads them.
 * @throws Failure `usage` for a settings file that does not exist, `not-trusted` for what others may write, unless the
 *   operator named the settings
 */
export async function loadPlans(host: CommandHost, configFile: string | undefined): Promise<Plans> {
  const { environmentVariables: variables, workingFolder } = host;
  const loaded = await loadSettings(workingFolder, variables, configFile);
  const { settings } = loaded;
  if (!loaded.isNamed)
    for (const folder of [settings.plansFolder, ...settings.taskFolders]) requireOwnFolder(folder);
  const registry = createTaskRegistry({
    builtInFolder: host.taskFolder,
    ...defined({ loadBuilt: host.loadBuilt }),
    folders: settings.taskFolders,
    workingFolder,
    isNamed: loaded.isNamed,
  });
  const workspace = await loadWorkspace({ settings, registry, commandNames, variables, workingFolder });
  const { environments, buckets, plans } = workspace;
  const steps = [...plans.values()].map((plan) => plan.steps);
  teachVariables([...environments.values(), ...buckets.values(), ...steps], variables, host.redactor);
  return {
    settings,
    registry,
    workspace,
    problems: [...loaded.problems, ...workspace.problems],
    sources: new Map([...loaded.sources, ...workspace.sources]),
    secrets: createSecretStore({
      environment: variables,
      redactor: host.redactor,
      onWarning: (text) => {
        warn(host, text);
      },
    }),
  };
}

/**
 * A plan that may run: known, without errors in its file, in the environments or in the settings.
 * @throws Failure `usage`, `plan-invalid`, `variable-missing`
 */
export function choosePlan(plans: Plans, name: string): Plan {
  requireSettings(plans);
  const isPlan = [...plans.workspace.planFiles.values()].includes(name);
  const command = isPlan ? '' : didYouMean(name, commandNames);
  if (command !== '') throw new Failure('usage', `there is no plan or command '${name}'${command}`);
  return resolvePlan(plans.workspace, name);
}

/** The settings without errors: with broken ones nobody knows which folder is meant. @throws Failure `plan-invalid` */
export function requireSettings(plans: Plans): void {
  requireFiles(plans, (file) => !plans.workspace.sources.has(file) && plans.sources.has(file));
}

/** The settings and environments without errors: what is needed where no plan is asked for. @throws Failure `plan-invalid` */
export function requireEnvironments(plans: Plans): void {
  const { environmentsFile, sources } = plans.workspace;
  requireFiles(plans, (file) => file === environmentsFile || (!sources.has(file) && plans.sources.has(file)));
}

function requireFiles(plans: Plans, isNeeded: (file: string) => boolean): void {
  const broken = plans.problems.find(({ severity, file }) => severity === 'error' && isNeeded(file));
  if (broken === undefined) return;
  throw new Failure('plan-invalid', broken.message, {
    where: `${broken.file}:${String(broken.line)}:${String(broken.column)}`,
    hint: 'run-plan validate shows every problem',
  });
}

/**
 * The plans that a listing is about: the one that was named, otherwise all that may run. A folder without plans is no
 * good news for whoever watches: it is the wrong folder.
 */
export function choosePlans(plans: Plans, name: string | undefined): readonly Plan[] {
  if (name === undefined) requirePlans(plans);
  const names = name === undefined ? [...plans.workspace.plans.keys()] : [name];
  return names.map((each) => choosePlan(plans, each));
}

function requirePlans({ workspace, settings }: Plans): void {
  if (workspace.planFiles.size > 0) return;
  throw new Failure('plan-invalid', `there are no plans in ${settings.plansFolder}`, {
    hint: 'run this where run-plan.yaml or the folder plans/ is, or name the settings with --config',
  });
}

/**
 * Whether there is any repository to list: who hears "no artifacts" in the wrong folder believes that the backups are gone.
 * @throws Failure `plan-invalid` where nothing is declared at all, `environment-incomplete`
 */
export function requireRepositories(plans: Plans, looked: readonly Environment[]): void {
  if (looked.length > 0) return;
  if (plans.workspace.environments.size === 0) requirePlans(plans);
  throw new Failure('environment-incomplete', 'no repository was looked at: no environment here has one', {
    hint: 'name an environment, or look at run-plan doctor: it tells what is missing on this host',
  });
}

/** Names of every environment that a plan uses: its own, then its steps', then those that parameters name. */
export function environmentNamesOf(plans: Plans, plan: Plan): readonly string[] {
  const others = plan.steps.flatMap(({ action }) => {
    if (action.kind !== 'task') return [];
    const { task } = plans.workspace.tasks.get(action.task) ?? {};
    return (task?.others ?? []).flatMap(({ parameter }) => action.parameters[parameter] ?? []).map(String);
  });
  return [...new Set([plan.environment, ...plan.steps.map((step) => step.environment), ...others])];
}

/** Every environment that a plan's steps use or their parameters name, by name. @throws Failure `variable-missing` */
export function environmentsOf(plans: Plans, plan: Plan): ReadonlyMap<string, Environment> {
  const names = environmentNamesOf(plans, plan);
  return new Map(names.map((name) => [name, resolveEnvironment(plans.workspace, name)]));
}

/**
 * Opens an environment's repository for one action and closes it afterwards.
 * @throws Failure `environment-incomplete` when it has none
 */
export async function withRepository<Result>(
  plans: Plans,
  environment: Environment,
  action: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  const repository = await openRepositoryOf(environment, plans.secrets);
  try {
    return await action(repository);
  } finally {
    await repository.close();
  }
}

export function openRepositoryOf(
  environment: Environment,
  secrets: Secrets,
  options?: S3Options,
): Promise<Repository> {
  if (environment.repository === undefined) {
    throw new Failure('environment-incomplete', `environment '${environment.name}' has no repository`, {
      hint: `give it one in plans/environments.yaml: repository: { folder: … } or { s3: … }`,
    });
  }
  return openRepository(environment.repository, secrets, options);
}

/** Whether a plan has a step whose task plays a role: `dump`, `prune`. */
export function stepsOfRole(plans: Plans, plan: Plan, role: string): Plan['steps'] {
  return plan.steps.filter(
    ({ action }) => action.kind === 'task' && plans.workspace.tasks.get(action.task)?.task.role === role,
  );
}
