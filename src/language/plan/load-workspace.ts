import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { nothing, parseEnvironments, type EnvironmentsFile } from '../environment/load-environments.ts';
import type { Open } from '../yaml/open.ts';
import type { EnvironmentVariables } from '../yaml/shape.ts';
import { readSource } from '../yaml/source.ts';
import type { Settings } from '../settings/settings.ts';
import type { KnownTask, TaskCatalogue } from '../task-declaration.ts';
import { checkAlertPlans } from './check-alert-plans.ts';
import { checkPlan } from './check-plan.ts';
import { parsePlan, type ParsedPlan } from './parse-plan.ts';
import type { Problem } from '../problem.ts';
import { sortProblems } from './sort-problems.ts';
import type { Workspace } from './workspace.ts';

export interface WorkspaceOptions<Known extends KnownTask = KnownTask> {
  readonly settings: Settings;
  readonly registry: TaskCatalogue<Known>;
  /** Names that no plan may bear. */
  readonly commandNames: readonly string[];
  readonly variables: EnvironmentVariables;
  /** Problems name files relative to this folder. */
  readonly workingFolder: string;
  /** Schedules are judged from here on; the present unless said. */
  readonly now?: Date;
}

const environmentsName = 'environments.yaml';

/**
 * Reads every plan and the environments, checks them against schemas, names and rules, and tells all problems of all
 * files at once. Throws nothing for what an operator can write.
 */
export async function loadWorkspace<Known extends KnownTask>(
  options: WorkspaceOptions<Known>,
): Promise<Workspace<Known>> {
  const { settings, registry, variables, now = new Date() } = options;
  const shown = (entry: string): string => relative(options.workingFolder, join(settings.plansFolder, entry));
  const sources = new Map<string, string>();
  const listing = listPlans(settings.plansFolder, shown);
  const [environments, ...parsed] = await Promise.all([
    readEnvironments(options, shown(environmentsName), listing.hasEnvironments, sources),
    ...listing.plans.map(async ({ entry, name }) => readPlan(name, entry, options, shown(entry), sources)),
  ]);
  const { registered, problems: taskProblems } = await importTasks(parsed, registry);
  const surroundings = {
    environments,
    settings,
    taskNames: registry.files.map(({ name }) => name),
    registered,
    commandNames: options.commandNames,
    variables,
    now,
  };
  const checked = parsed.map(({ file, problems }) => {
    if (file === undefined) return { file, problems };
    const result = checkPlan(
      file,
      surroundings,
      problems.every(({ severity }) => severity !== 'error'),
    );
    return { file: result.file, problems: [...problems, ...result.problems] };
  });
  const files = checked.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const placed = (missing: readonly Open[], file: string): Workspace['missing'] =>
    missing.map((open) => ({ open, file }));
  return Object.freeze({
    plans: new Map(files.map(({ plan }) => [plan.name, plan])),
    environments: environments.environments,
    buckets: environments.buckets,
    tasks: registered,
    problems: sortProblems([
      ...listing.problems,
      ...environments.problems,
      ...checkAlertPlans(
        environments,
        listing.plans.map(({ name }) => name),
      ),
      ...registry.problems,
      ...taskProblems,
      ...checked.flatMap(({ problems }) => problems),
    ]),
    sources,
    planFiles: new Map(listing.plans.map(({ entry, name }) => [shown(entry), name])),
    environmentsFile: shown(environmentsName),
    missing: [
      ...placed(environments.missing, shown(environmentsName)),
      ...files.flatMap(({ missing, plan }) => placed(missing, plan.file)),
    ],
  });
}

interface Listing {
  readonly plans: readonly { readonly entry: string; readonly name: string }[];
  readonly hasEnvironments: boolean;
  readonly problems: readonly Problem[];
}

function listPlans(folder: string, shown: (entry: string) => string): Listing {
  let entries: readonly string[];
  try {
    entries = readdirSync(folder).sort();
  } catch {
    const message = 'there is no folder of plans here';
    const hint = "plans are files in plans/; 'plans' in run-plan.yaml names another folder";
    return { plans: [], hasEnvironments: false, problems: [problem(shown(''), 'no-plans', message, hint)] };
  }
  const isHidden = (entry: string): boolean => entry.startsWith('.');
  const plans = entries
    .filter((entry) => entry.endsWith('.yaml') && entry !== environmentsName && !isHidden(entry))
    .map((entry) => ({ entry, name: entry.slice(0, -'.yaml'.length) }));
  const misnamed = entries.filter((entry) => entry.endsWith('.yml') && !isHidden(entry));
  return {
    plans,
    hasEnvironments: entries.includes(environmentsName),
    problems: misnamed.map((entry) =>
      problem(
        shown(entry),
        'file-name',
        "this file is not read: its name ends in '.yml'",
        "rename it to end in '.yaml'",
      ),
    ),
  };
}

function problem(file: string, rule: string, message: string, hint: string): Problem {
  return { file, line: 1, column: 1, severity: 'error', rule, message, hint };
}

async function readEnvironments(
  options: WorkspaceOptions,
  file: string,
  exists: boolean,
  sources: Map<string, string>,
): Promise<EnvironmentsFile> {
  if (!exists) return nothing([]);
  const { source, problem: unread } = await readSource(
    join(options.settings.plansFolder, environmentsName),
    file,
  );
  if (source === undefined) return nothing([unread]);
  sources.set(file, source.text);
  return parseEnvironments(source, options.variables);
}

async function readPlan(
  name: string,
  entry: string,
  { settings, variables }: WorkspaceOptions,
  file: string,
  sources: Map<string, string>,
): Promise<ParsedPlan> {
  const { source, problem: unread } = await readSource(join(settings.plansFolder, entry), file);
  if (source === undefined) return { problems: [unread] };
  sources.set(file, source.text);
  return parsePlan(name, source, variables, settings.defaults);
}

/** Imports the tasks that the plans use. */
async function importTasks<Known extends KnownTask>(
  parsed: readonly ParsedPlan[],
  registry: TaskCatalogue<Known>,
): Promise<{
  readonly registered: ReadonlyMap<string, Known>;
  readonly problems: readonly Problem[];
}> {
  const used = parsed.flatMap(({ file }) =>
    (file?.plan.steps ?? []).flatMap(({ action }) =>
      action.kind === 'task' && registry.has(action.task) ? [action.task] : [],
    ),
  );
  const lookups = await Promise.all(
    [...new Set(used)].map(async (name) => [name, await registry.find(name)] as const),
  );
  return {
    registered: new Map(
      lookups.flatMap(([name, { registered }]) =>
        registered === undefined ? [] : [[name, registered] as const],
      ),
    ),
    problems: lookups.flatMap(([, { problem: found }]) => (found === undefined ? [] : [found])),
  };
}
