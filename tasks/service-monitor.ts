import { defaults } from '../src/language/generated/service-monitor.defaults.ts';
import { defined } from '../src/base/defined.ts';
import type { Environment, PostgresEndpoint } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { httpProbe } from '../src/check/monitor/http-probe.ts';
import { sqlProbe } from '../src/check/monitor/sql-probe.ts';
import { watch, type Probe, type Watched, type WatchOptions } from '../src/check/monitor/watch.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import { connectMaintenance } from '../src/postgres/connect.ts';
import { psqlCommand } from '../src/postgres/psql-command.ts';
import { identifyDatabase, reopenDatabase, rollBack } from '../src/postgres/swap-databases.ts';
import { swapScript, datedName } from '../src/postgres/swap-plan.ts';
import { durationOf } from '../src/base/quantity/duration.ts';
import type { ServiceMonitorParameters } from '../src/language/generated/service-monitor.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/service-monitor.schema.json' with { type: 'json' };

const task: Task<ServiceMonitorParameters> = {
  name: 'service-monitor',
  description: 'Watches a running service, and puts a cutover back when it does badly',
  needs: [],
  writes: ['postgres'],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** What a query may take, milliseconds. */
const queryTimeoutMs = 10_000;
/** More than this many numbers a watch does not hold. */
const mostSamples = 200_000;
const rollBackWaitMs = 30_000;
/** Less than the ten seconds that an ending has. */
const reopenMs = 8000;

function describe(parameters: ServiceMonitorParameters, environment: Environment): readonly string[] {
  const { http = [], sql = [], for: time = defaults.for, every = defaults.every } = parameters;
  const back = parameters['roll-back-to'];
  return [
    `for ${time}, every ${every}: ${[...http.map(({ url }) => `GET ${url}`), ...sql.map(({ name }) => name)].join(', ')}`,
    ...(back === undefined
      ? []
      : [
          `when a bound is missed: rename ${back} to ${environment.postgres?.database ?? 'the live database'}`,
        ]),
  ];
}

async function run(context: TaskContext, parameters: ServiceMonitorParameters): Promise<TaskResult> {
  const probes = probesOf(context, parameters);
  const options = optionsOf(context, parameters);
  if ((options.forMs / options.everyMs) * probes.length > mostSamples) {
    throw new Failure('plan-invalid', `a watch of more than ${String(mostSamples)} probes`, {
      hint: 'Watch for a shorter time, or ask less often.',
    });
  }
  const previous = parameters['roll-back-to'];
  if (previous !== undefined) await demandPrevious(context, previous);
  const watched = await watch(probes, options);
  const missed = watched.checks.filter(({ state }) => state === 'failed');
  if (missed.length === 0) return { facts: { ...watched } };
  const words = missed.map(
    ({ name, found, expected }) => `${name}: ${found ?? '?'}, ${expected ?? '?'} allowed`,
  );
  const last = watched.errors[0] === undefined ? '' : `; the last error: ${watched.errors[0]}`;
  throw await missedBound(context, `${words.join('; ')}${last}`, watched, previous);
}

function probesOf(context: TaskContext, { http = [], sql = [] }: ServiceMonitorParameters): readonly Probe[] {
  const https = http.map(({ url, status, timeout }) =>
    httpProbe({
      url,
      ...defined({ status }),
      timeoutMs: durationOf(timeout ?? defaults.http.timeout),
    }),
  );
  if (sql.length === 0) return https;
  const endpoint = liveEndpoint(context);
  const login = { endpoint, secrets: context.secrets, applicationName: applicationName(context.run.id) };
  return [...https, ...sql.map((one) => sqlProbe({ ...one, ...login, timeoutMs: queryTimeoutMs }))];
}

function optionsOf(context: TaskContext, parameters: ServiceMonitorParameters): WatchOptions {
  const maxP95Ms = parameters['max-p95-ms'];
  return {
    clock: context.clock,
    signal: context.signal,
    forMs: durationOf(parameters.for ?? defaults.for),
    // Never without a pause: a watch must not be a load.
    everyMs: Math.max(durationOf(parameters.every ?? defaults.every), 1000),
    windowMs: durationOf(parameters.window ?? defaults.window),
    minProbes: parameters['min-probes'] ?? defaults['min-probes'],
    maxErrorRate: parameters['max-error-rate'] ?? defaults['max-error-rate'],
    ...defined({ maxP95Ms }),
    onRound: (text) => {
      context.report.phase(text);
    },
  };
}

/** The configured database, which clients use, whatever a step of the run has restored elsewhere. */
function liveEndpoint(context: TaskContext): PostgresEndpoint {
  const { name } = context.environment;
  const endpoint = context.environmentNamed(name).postgres;
  if (endpoint !== undefined) return endpoint;
  throw new Failure('environment-incomplete', `${name} names no live database to ask or to put back`);
}

/** Better known before the watch than when it is needed. */
async function demandPrevious(context: TaskContext, previous: string): Promise<void> {
  await using session = await connectMaintenance(
    liveEndpoint(context),
    connectOptions(context, context.signal),
  );
  if ((await identifyDatabase(session, previous)) !== undefined) return;
  throw new Failure('postgres-database-missing', `there is no database ${previous} to go back to`, {
    hint: "roll-back-to is what a cutover has kept: '${steps.postgres-cutover.previous}'.",
  });
}

async function missedBound(
  context: TaskContext,
  message: string,
  watched: Watched,
  previous: string | undefined,
): Promise<Failure> {
  if (previous === undefined) return new Failure('check-failed', message, { facts: { ...watched } });
  const { database: live } = liveEndpoint(context);
  try {
    const kept = await putBack(context, live, previous);
    const look = `to look at the failed one, kept as ${kept}: ${psqlCommand(liveEndpoint(context), kept)}`;
    const said = `rolled back: ${live} is again what was ${previous}; ${look}`;
    context.report.note(said);
    return new Failure('check-failed', `${message}; ${said}`, {
      facts: { ...watched, rollBack: { state: 'done', live, previous, failed: kept } },
    });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const byHand = swapScript({
      live,
      next: previous,
      keepAs: datedName(live, 'failed', context.clock.now()),
    });
    context.report.warn(`the roll back failed; by hand, in psql, connected to neither: ${byHand.join(' ')}`);
    return new Failure(
      'check-failed',
      `${message}; the roll back to ${previous} failed too: ${error.message}`,
      {
        hint: 'Roll back by hand: the statements are in the run’s record.',
        facts: { ...watched, rollBack: { state: 'failed', live, previous, byHand } },
        cause: error,
      },
    );
  }
}

/** Gives the name of the database that was taken out. */
async function putBack(context: TaskContext, live: string, previous: string): Promise<string> {
  const endpoint = liveEndpoint(context);
  context.report.phase(`putting ${previous} back as ${live}`);
  await using session = await connectMaintenance(endpoint, connectOptions(context, context.signal));
  const found = await identifyDatabase(session, live);
  context.onEnd(`let connections to ${live} in again`, async () => {
    const options = connectOptions(context, AbortSignal.timeout(reopenMs));
    await using fresh = await connectMaintenance(endpoint, options);
    if (found !== undefined) await reopenDatabase(fresh, found.oid);
  });
  const { clock, signal } = context;
  const at = clock.now();
  const swap = await rollBack(session, { live, previous, at }, { clock, signal, waitMs: rollBackWaitMs });
  return swap.keepAs;
}

function connectOptions(
  { secrets, run: { id } }: TaskContext,
  signal: AbortSignal,
): Parameters<typeof connectMaintenance>[1] {
  return { secrets, applicationName: applicationName(id), signal };
}
