import type { DeclaredEnvironment } from '../../language/environment/environment.ts';
import { parseEnvironments } from '../../language/environment/load-environments.ts';
import type { AlertState } from '../../language/generated/alert-state.types.ts';
import { problemsOf } from '../../language/plan/workspace.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { openIn } from '../../language/yaml/open.ts';
import { decode } from '../../language/yaml/source.ts';
import { referencesIn } from '../../process/secrets/references-in.ts';
import type { CommandHost } from '../../task/host.ts';
import type { Plans } from '../../task/plans.ts';
import { withKnownChannels } from './channel-key.ts';
import { keptEnvironments } from './state.ts';
import type { Concerned } from './unit-failed.ts';

/** Where to look for whom a plan's unit concerns. */
export interface Concern {
  readonly host: CommandHost;
  readonly plan: string;
  /** Why the files cannot be read as a whole, or what they say. */
  readonly loaded: Plans | string;
  readonly secrets: Secrets;
  readonly stateFolder: string;
}

/**
 * Whom a plan's unit concerns. Files that cannot be read, whole or in part, are often why it failed: then it is those
 * whom the files name as far as they go, otherwise those whom they named when they last could be read.
 */
export async function findConcerned(
  { host, plan, loaded, secrets, stateFolder }: Concern,
  state: AlertState,
): Promise<Concerned> {
  const known = typeof loaded === 'string' ? unreadable(loaded) : concernedBy(loaded, plan, state);
  const whole = known.environments.some(({ alerts = [] }) => alerts.length > 0)
    ? known
    : await keptConcerned(host, stateFolder, state, known);
  const own = typeof loaded === 'string' ? undefined : loaded.workspace.plans.get(plan);
  await learnSecrets(secrets, [whole.environments, own]);
  return tellable(whole);
}

/** As the files say it, where values may be open. */
interface Declared extends Omit<Concerned, 'environments'> {
  readonly environments: readonly DeclaredEnvironment[];
}

/** A channel whose variable is not set cannot be told through: the others hear of it. */
function tellable({ environments, problems, ...rest }: Declared): Concerned {
  const all = environments.flatMap(({ alerts = [] }) => alerts);
  return {
    ...rest,
    environments: environments.map(withKnownChannels),
    problems: [
      ...problems,
      ...openIn(all).map(({ position, variable }) => `${position} the variable ${variable} is not set`),
    ],
  };
}

function unreadable(problem: string): Declared {
  return { environment: '', environments: [], problems: [problem] };
}

/** By the plan's file; where that cannot be read by the environments of its last run; of a new one by all there are. */
function concernedBy({ workspace, problems }: Plans, name: string, state: AlertState): Declared {
  const plan = workspace.plans.get(name);
  const isOwn = new Set(problemsOf(workspace, name));
  const wrong = problems.filter(
    (problem) => problem.severity === 'error' && (isOwn.has(problem) || !workspace.sources.has(problem.file)),
  );
  const named =
    plan === undefined
      ? state.environments
      : [plan.environment, ...plan.steps.map(({ environment }) => environment), ...state.environments];
  const known = named.flatMap((each) => workspace.environments.get(each) ?? []);
  const all = known.length > 0 ? known : [...workspace.environments.values()];
  return {
    environment: plan?.environment ?? state.environments[0] ?? '',
    environments: [...new Set(all)],
    problems: wrong.map(
      ({ file, line, column, message }) => `${file}:${String(line)}:${String(column)} ${message}`,
    ),
  };
}

/** By the environments' file as it was when a run could last read it. */
async function keptConcerned(
  host: CommandHost,
  stateFolder: string,
  state: AlertState,
  known: Declared,
): Promise<Declared> {
  const bytes = await keptEnvironments(stateFolder);
  const { source } = bytes === undefined ? {} : decode('alert-environments.yaml', bytes);
  if (source === undefined) return known;
  const { environments } = parseEnvironments(source, host.environmentVariables);
  const chosen = state.environments.flatMap((each) => environments.get(each) ?? []);
  return {
    ...known,
    environment: known.environment === '' ? (state.environments[0] ?? '') : known.environment,
    environments: chosen.length > 0 ? chosen : [...environments.values()],
  };
}

/** What the journal may hold must be known to be masked. Commands are not run for it: they may take long, or ask. */
async function learnSecrets(secrets: Secrets, declared: unknown): Promise<void> {
  const references = referencesIn(declared).filter(({ kind }) => kind !== 'command');
  await Promise.allSettled(references.map((reference) => secrets.resolve(reference)));
}
