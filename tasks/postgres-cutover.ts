import { firstOf } from '../src/base/quantity/first-of.ts';
import { defaults } from '../src/language/generated/postgres-cutover.defaults.ts';
import type { Environment, PostgresEndpoint } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import { carryPrivileges, type CarriedPrivileges } from '../src/postgres/carry-privileges.ts';
import { connectMaintenance, type ConnectOptions, type Session } from '../src/postgres/connect.ts';
import {
  likenessStatements,
  readDatabaseTraits,
  type DatabaseTraits,
} from '../src/postgres/database-traits.ts';
import { databaseExists } from '../src/postgres/drop-database.ts';
import { parseScratchName } from '../src/postgres/scratch-database.ts';
import {
  identifyDatabase,
  inOneTransaction,
  reopenDatabase,
  swapDatabases,
} from '../src/postgres/swap-databases.ts';
import {
  datedName,
  nameBytes,
  openStatement,
  reverseSwap,
  swapScript,
  type DatabaseSwap,
} from '../src/postgres/swap-plan.ts';
import { takeVacantPlace, type VacantPlace } from '../src/restore/vacant-place.ts';
import { durationOf } from '../src/base/quantity/duration.ts';
import type { PostgresCutoverParameters } from '../src/language/generated/postgres-cutover.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/postgres-cutover.schema.json' with { type: 'json' };

const task: Task<PostgresCutoverParameters> = {
  name: 'postgres-cutover',
  description: 'Puts a restored database in the place of the live one, which is kept under another name',
  needs: ['postgres'],
  writes: ['postgres'],
  role: 'other',
  outputs: ['previous', 'database'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** Less than the ten seconds that an ending has. */
const reopenMs = 8000;

function describe(parameters: PostgresCutoverParameters, environment: Environment): readonly string[] {
  const live = parameters.live ?? environment.postgres?.database ?? 'the live database';
  const next = parameters.database ?? 'the restored database';
  const mode = parameters.privileges ?? defaults.privileges;
  return [
    `give ${next} the owner, settings, limit and privileges of ${live}`,
    ...(mode === 'ignore' ? [] : [`${mode} owners and privileges of its objects`]),
    `close ${live}, end its sessions (for at most ${parameters.wait ?? defaults.wait})`,
    `in one transaction: rename ${live} to ${parameters['keep-as'] ?? `${live}_before_TIME`} and ${next} to ${live}`,
  ];
}

async function run(context: TaskContext, parameters: PostgresCutoverParameters): Promise<TaskResult> {
  const endpoint = liveEndpoint(context, parameters);
  const swap = swapOf(context, parameters, endpoint.database);
  const options = connectOptions(context, context.signal);
  await using session = await connectMaintenance(endpoint, options);
  if (session.endpoint.database === swap.live || session.endpoint.database === swap.next) {
    throw new Failure('target-refused', `${session.endpoint.database} is the server's maintenance database`, {
      hint: 'Databases are renamed from there, so it cannot be renamed itself.',
    });
  }
  warnOfLack(context, swap);
  const mode = parameters.privileges ?? defaults.privileges;
  const isGone = parameters['live-gone'] === true && !(await databaseExists(session, swap.live));
  if (isGone) return await takePlace(context, session, endpoint, { ...swap, mode, wait: parameters.wait });
  await reopenAfterKilledRun(context, session, swap.live);
  const { live, next } = await checkBoth(session, swap);
  const carried = mode === 'ignore' ? undefined : await carry(context, session, swap, mode);
  const statements = likenessStatements(live, next);
  await inOneTransaction(session, statements);
  const done = { ...swap, comment: { text: live.comment } };
  await exchange(context, session, done, durationOf(parameters.wait ?? defaults.wait));
  return resultOf(context, endpoint, done, { mode, ...carried });
}

/** Of a database that this run has restored: what was not to be restored, or could not be and was accepted. */
function warnOfLack({ restored, report }: TaskContext, { live, next }: DatabaseSwap): void {
  if (restored?.postgres.database !== next) return;
  const lacks = [
    ...(restored.artifact?.partial === undefined ? [] : [`its artifact is ${restored.artifact.partial}`]),
    ...(restored.partial === undefined ? [] : [`only a part was restored (${restored.partial})`]),
    ...(restored.incomplete === undefined ? [] : [`accepted without ${firstOf(restored.incomplete)}`]),
  ];
  if (lacks.length > 0) report.warn(`what becomes ${live} is not whole: ${lacks.join('; ')}`);
}

/** The server and the live database as configured: after a restore the environment's own is the restored one. */
function liveEndpoint(context: TaskContext, { live }: PostgresCutoverParameters): PostgresEndpoint {
  const configured = context.environmentNamed(context.environment.name).postgres;
  const endpoint = configured ?? (live === undefined ? undefined : context.environment.postgres);
  if (endpoint === undefined) {
    throw new Failure('environment-incomplete', `${context.environment.name} names no live database`, {
      hint: 'A cutover needs an environment whose Postgres stays.',
    });
  }
  return live === undefined ? endpoint : { ...endpoint, database: live };
}

function swapOf(context: TaskContext, parameters: PostgresCutoverParameters, live: string): DatabaseSwap {
  const next = parameters.database ?? context.restored?.postgres.database ?? context.run.scratch;
  const keepAs = parameters['keep-as'] ?? datedName(live, 'before', context.clock.now());
  const refuse = (message: string, hint: string): never => {
    throw new Failure('target-refused', message, { hint });
  };
  if (next === live) refuse(`${next} is the live database itself`, 'Restore into another one first.');
  if (keepAs === live || keepAs === next)
    refuse(`keep-as: ${keepAs} is the name of a database of this cutover`, 'Say another name.');
  if (Buffer.byteLength(keepAs) > nameBytes)
    refuse(`keep-as: ${keepAs} has more than ${String(nameBytes)} bytes`, 'Say a shorter name.');
  if (parseScratchName(keepAs) !== undefined)
    refuse(`keep-as: ${keepAs} is a scratch database's name`, 'Those are swept; say another name.');
  return { live, next, keepAs };
}

function connectOptions(context: TaskContext, signal: AbortSignal): ConnectOptions {
  return { secrets: context.secrets, applicationName: applicationName(context.run.id), signal };
}

/** A run that was killed between closing the live database and renaming it has left it closed to everybody. */
async function reopenAfterKilledRun(context: TaskContext, session: Session, live: string): Promise<void> {
  const found = await identifyDatabase(session, live);
  if (found === undefined || !(await reopenDatabase(session, found.oid))) return;
  context.report.warn(`${live} accepted no connections, as a killed cutover leaves it: opened it again`);
}

/** The live database is gone: nothing is kept, and there is no way back but another restore. */
async function takePlace(
  context: TaskContext,
  session: Session,
  endpoint: PostgresEndpoint,
  place: VacantPlace & { readonly wait: string | undefined },
): Promise<TaskResult> {
  const { live, next, mode } = place;
  await readRenamable(session, next, 'restored');
  const { clock, signal, restored, report } = context;
  const waitMs = durationOf(place.wait ?? defaults.wait);
  const carried = await takeVacantPlace(context, session, place, { clock, signal, waitMs });
  report.note(`${live} was gone and is now what was ${next}; there is no former one to go back to`);
  return {
    outputs: { database: live },
    facts: { live, restored: next, previous: null, privileges: { mode, ...carried } },
    ...(restored !== undefined && { restored: { ...restored, postgres: endpoint } }),
  };
}

async function readRenamable(session: Session, database: string, what: string): Promise<DatabaseTraits> {
  const traits = await readDatabaseTraits(session, database);
  if (traits === undefined) {
    throw new Failure('postgres-database-missing', `there is no ${what} database ${database}`, {
      hint: `Look at those there are on ${session.endpoint.host}: psql -l${what === 'live' ? ". Where it is gone for good, say 'live-gone: true'." : ''}`,
    });
  }
  if (traits.mayRename) return traits;
  throw new Failure(
    'postgres-permission',
    `${session.endpoint.user} may not rename the database ${database}`,
    {
      hint: `Let its owner ${traits.owner} do it, with the right to create databases, or a superuser.`,
    },
  );
}

async function checkBoth(
  session: Session,
  swap: DatabaseSwap,
): Promise<{ readonly live: DatabaseTraits; readonly next: DatabaseTraits }> {
  const live = await readRenamable(session, swap.live, 'live');
  const next = await readRenamable(session, swap.next, 'restored');
  if ((await identifyDatabase(session, swap.keepAs)) !== undefined) {
    throw new Failure('target-refused', `there is a database ${swap.keepAs} already`, {
      hint: 'Say another name with keep-as.',
    });
  }
  return { live, next };
}

async function carry(
  context: TaskContext,
  session: Session,
  { live, next }: DatabaseSwap,
  mode: 'copy' | 'check',
): Promise<CarriedPrivileges> {
  context.report.phase(`${mode === 'copy' ? 'copying' : 'checking'} owners and privileges`);
  await using from = await session.inDatabase(live);
  await using to = await session.inDatabase(next);
  return await carryPrivileges(from, to, mode);
}

async function exchange(
  context: TaskContext,
  session: Session,
  swap: DatabaseSwap,
  waitMs: number,
): Promise<void> {
  const found = await identifyDatabase(session, swap.live);
  context.onEnd(`let connections to ${swap.live} in again`, async () => {
    await using fresh = await connectMaintenance(
      session.endpoint,
      connectOptions(context, AbortSignal.timeout(reopenMs)),
    );
    if (found !== undefined) await reopenDatabase(fresh, found.oid);
  });
  context.report.phase(`closing ${swap.live} and renaming`);
  context.report.note(
    `if this run is killed here, ${swap.live} stays closed until the next cutover, or by hand: ${openStatement(swap.live)};`,
  );
  const { clock, signal } = context;
  await swapDatabases(session, swap, { clock, signal, waitMs });
}

function resultOf(
  context: TaskContext,
  endpoint: PostgresEndpoint,
  swap: DatabaseSwap,
  privileges: Readonly<Record<string, unknown>>,
): TaskResult {
  const wayBack = swapScript(reverseSwap(swap, context.clock.now()));
  context.report.note(
    `${swap.live} is now what was ${swap.next}; the old one is kept as ${swap.keepAs}. ` +
      `To go back, in psql, connected to neither: ${wayBack.join(' ')}`,
  );
  const { restored } = context;
  return {
    outputs: { previous: swap.keepAs, database: swap.live },
    facts: { live: swap.live, restored: swap.next, previous: swap.keepAs, privileges, wayBack },
    // Later steps work on the database that bears the live name now.
    ...(restored !== undefined && { restored: { ...restored, postgres: endpoint } }),
  };
}
