import { defined } from '../base/defined.ts';
import { hostname } from 'node:os';
import { systemClock } from '../base/clock.ts';
import type { RunningCluster } from '../run/clusters.ts';
import type { Pipeline, PipelineStep } from '../run/pipeline.ts';
import type { RunAlerts, RunHost, RunKeeper } from '../run/run-host.ts';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { hostLock } from '../run/lock/host-lock.ts';
import type { LockTaker } from '../task/run-lock.ts';
import { createProcessGroups, type ProcessGroups } from '../process/process-groups.ts';
import type { EventSink } from '../run/record/event.ts';
import { lockFile, temporaryFolder } from '../base/state-folder.ts';
import { applicationName } from '../postgres/application-name.ts';
import { isDrill } from '../tell/evidence/is-drill.ts';
import type { Secrets } from '../language/secret-reference.ts';
import { patientLimits } from '../s3/client.ts';
import { accountName } from '../base/account.ts';
import { alertSurroundings } from '../tell/alert/alert-surroundings.ts';
import { createAskSignOff } from '../run/ask-sign-off.ts';
import { bugBlocks } from './exit.ts';
import { declaredIn } from '../difference/declared.ts';
import { scriptVariables } from '../postgres/script-variables.ts';
import type { CommandHost } from '../task/host.ts';
import { openRepositoryOf, type Plans } from '../task/plans.ts';
import { stateFolderOf } from '../task/state.ts';

/** What a run is handed besides what its process gives it. */
export interface RunSurroundings {
  readonly plans: Plans;
  readonly pipeline: Pipeline;
  readonly sinks: readonly EventSink[];
  readonly cancel: AbortSignal;
  /** Whether a person at the terminal may be asked: not where the command line has answered, nor where programs read. */
  readonly mayAsk: boolean;
  /** Whether people are told of the run: of a plan's, not of what somebody does by hand and watches. */
  readonly isTold: boolean;
}

/** Puts together everything outside that a run touches. */
export async function createRunHost(host: CommandHost, surroundings: RunSurroundings): Promise<RunHost> {
  const { plans, pipeline, sinks, cancel, mayAsk, isTold } = surroundings;
  const { secrets } = plans;
  const stateFolder = stateFolderOf(plans.settings, host.environmentVariables);
  const groups = createProcessGroups();
  const alerts = isTold ? await runAlerts(host, plans, pipeline, stateFolder, groups) : undefined;
  const askSignOff = mayAsk ? createAskSignOff({ ...host, output: host.terminal.output.stream }) : undefined;
  return {
    clock: systemClock,
    random: Math.random,
    hostName: hostname(),
    pid: process.pid,
    versions: { 'run-plan': host.version, node: process.versions.node },
    environmentVariables: host.environmentVariables,
    workingFolder: host.workingFolder,
    stateFolder,
    secrets,
    redact: (text) => host.redactor.redact(text),
    groups,
    hostLock: hostLock({
      file: lockFile(stateFolder, pipeline.plan.name),
      temporaryFolder: (runId) => temporaryFolder(stateFolder, runId),
      groups,
      host: hostname(),
      pid: process.pid,
    }),
    locks: await databaseLocks(pipeline, plans),
    sinks,
    openRepository: (environment, onWait) =>
      openRepositoryOf(environment, secrets, { limits: patientLimits, onWait }),
    scriptVariables: (environment, run, folder) =>
      scriptVariables(environment, {
        secrets,
        folder,
        applicationName: applicationName(run.id),
        mayWrite: pipeline.plan.writes === environment.name,
      }),
    startCluster,
    declared: declaredIn(host, plans),
    prepare: () => {
      loadAhead(pipeline, plans);
    },
    ...defined({ askSignOff }),
    keepers: [await evidenceKeeper(host, pipeline, secrets, stateFolder)].filter(
      (keeper) => keeper !== undefined,
    ),
    ...defined({ alerts }),
    cancel,
    reportBug: (stack) => {
      host.terminal.tell(...bugBlocks(stack));
    },
  };
}

/** Of a plan whose environments have alerts; other runs do without its code. */
async function runAlerts(
  host: CommandHost,
  plans: Plans,
  pipeline: Pipeline,
  stateFolder: string,
  groups: ProcessGroups,
): Promise<RunAlerts | undefined> {
  if (![...pipeline.environments.values()].some(({ alerts = [] }) => alerts.length > 0)) return undefined;
  const [{ createRunAlerts }, { watchedDrills }] = await Promise.all([
    import('../tell/alert/run-alerts.ts'),
    import('../tell/alert/watched-drills.ts'),
  ]);
  const { workspace } = plans;
  return createRunAlerts({
    ...alertSurroundings(host, plans.secrets, groups),
    stateFolder,
    invocation: host.environmentVariables['INVOCATION_ID'],
    drills: watchedDrills(plans, pipeline.environment.name),
    environmentsText: workspace.sources.get(workspace.environmentsFile),
  });
}

/** Of a plan that restores something; other runs do without its code. */
async function evidenceKeeper(
  host: CommandHost,
  pipeline: Pipeline,
  secrets: Secrets,
  stateFolder: string,
): Promise<RunKeeper | undefined> {
  if (!isDrill(pipeline)) return undefined;
  const { createEvidenceKeeper } = await import('../tell/evidence/keeper.ts');
  return createEvidenceKeeper({
    stateFolder,
    secrets,
    account: accountName(host.environmentVariables),
    clock: systemClock,
    redact: (text) => host.redactor.redact(text),
  });
}

async function startCluster(major: number | undefined, signal: AbortSignal): Promise<RunningCluster> {
  const { startLoadingCluster } = await import('../postgres/loading-cluster.ts');
  return startLoadingCluster(major, signal);
}

/** What fails to load fails again, and is told, where it is used. */
function loadAhead(pipeline: Pipeline, plans: Plans): void {
  const tasks = pipeline.steps.flatMap(({ work }) =>
    work.kind === 'task' ? (plans.workspace.tasks.get(work.task.name) ?? []) : [],
  );
  const loading = pipeline.steps.some(needsPostgres)
    ? import('../postgres/connect.ts').then(({ loadDriver }) => loadDriver())
    : Promise.resolve();
  loading
    .then(() => {
      for (const { load } of tasks) load?.();
    })
    .catch(() => undefined);
}

/**
 * The lock across hosts lies in the database that the plan works on: its own environment's when a step asks for that,
 * otherwise the first that a step asks for. A plan that needs no database takes none. A plan that writes may create,
 * rename or drop databases, so its lock lies in the server's maintenance database.
 */
async function databaseLocks(pipeline: Pipeline, plans: Plans): Promise<readonly LockTaker[]> {
  const used = pipeline.steps
    .filter(needsPostgres)
    .map(({ environment }) => environment)
    .filter(({ postgres }) => postgres !== undefined);
  const chosen = used.find(({ name }) => name === pipeline.environment.name) ?? used[0];
  const endpoint: PostgresEndpoint | undefined = chosen?.postgres;
  if (endpoint === undefined) return [];
  const { advisoryLock } = await import('../postgres/advisory-lock.ts');
  const writes = pipeline.steps.some(
    ({ work, environment }) =>
      environment.name === chosen?.name && work.kind === 'task' && work.task.writes.includes('postgres'),
  );
  return [advisoryLock(endpoint, plans.secrets, writes ? 'maintenance' : 'own')];
}

function needsPostgres({ work }: PipelineStep): boolean {
  return work.kind === 'task' && work.task.needs.includes('postgres');
}
