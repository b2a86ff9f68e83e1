import { status } from '../../base/terminal/status.ts';
import { readFile } from 'node:fs/promises';
import { keptEnvironmentsFile } from '../../tell/alert/state.ts';
import { tellFailedUnit, type Concerned } from '../../tell/alert/unit-failed.ts';
import { watchSignals } from '../../run/signals.ts';
import { parseEnvironments } from '../../language/environment/load-environments.ts';
import { exitCode, type ExitCode } from '../../base/exit-code.ts';
import { describeFailure } from '../../base/failure.ts';
import { problemsOf } from '../../language/plan/workspace.ts';
import { createProcessGroups } from '../../process/process-groups.ts';
import type { AlertState } from '../../language/generated/alert-state.types.ts';
import { decode } from '../../language/yaml/source.ts';
import { referencesIn } from '../../process/secrets/references-in.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import { createSecretStore } from '../../process/secrets/secret-store.ts';
import { alertSurroundings } from '../../tell/alert/alert-surroundings.ts';
import { exit } from '../exit.ts';
import { print, type CommandHost } from '../../task/host.ts';
import { loadPlans, type Plans } from '../../task/plans.ts';
import { stateFolderOf } from '../../task/state.ts';

export interface UnitFailedOptions {
  readonly config?: string | undefined;
}

/**
 * Tells that a plan's unit failed. Files that cannot be read, whole or in part, are often why it failed: then those are
 * told whom the files name as far as they go, otherwise whom they named when they last could be read.
 */
export async function unitFailedCommand(
  host: CommandHost,
  plan: string,
  options: UnitFailedOptions,
): Promise<ExitCode> {
  const loaded = await loadPlans(host, options.config).catch(
    (error: unknown) => describeFailure(error).message,
  );
  const plans = typeof loaded === 'string' ? undefined : loaded;
  const secrets =
    plans?.secrets ?? createSecretStore({ environment: host.environmentVariables, redactor: host.redactor });
  const stateFolder = stateFolderOf(plans?.settings ?? {}, host.environmentVariables);
  const groups = createProcessGroups();
  const signals = watchSignals((code) => {
    groups.killAll();
    void exit(code);
  });
  try {
    const concerned = async (state: AlertState): Promise<Concerned> => {
      const known = typeof loaded === 'string' ? unreadable(loaded) : concernedBy(loaded, plan, state);
      const whole = known.environments.some(({ alerts = [] }) => alerts.length > 0)
        ? known
        : await keptConcerned(host, stateFolder, state, known);
      await learnSecrets(secrets, [whole.environments, plans?.workspace.plans.get(plan)]);
      return whole;
    };
    const { told, reason } = await tellFailedUnit(
      plan,
      concerned,
      { ...alertSurroundings(host, secrets, groups), stateFolder },
      signals.cancel,
    );
    if (reason !== undefined) print(host, `${plan}: ${reason}`);
    for (const { channel, event, outcome, text } of told)
      print(host, [`${channel} (${event}) `, status(outcome), `: ${text}`]);
    return told.some(({ outcome }) => outcome === 'undelivered') ? exitCode.alertFailed : exitCode.done;
  } finally {
    signals.stop();
  }
}

function unreadable(problem: string): Concerned {
  return { environment: '', environments: [], problems: [problem] };
}

/** By the plan's file; where that cannot be read by the environments of its last run; of a new one by all there are. */
function concernedBy({ workspace, problems }: Plans, name: string, state: AlertState): Concerned {
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
  known: Concerned,
): Promise<Concerned> {
  const bytes = await readFile(keptEnvironmentsFile(stateFolder)).catch(() => undefined);
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
