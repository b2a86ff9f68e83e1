import type { Environment, PostgresEndpoint } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import { connectMaintenance, type Session } from '../src/postgres/connect.ts';
import { databaseExists, dropDatabase } from '../src/postgres/drop-database.ts';
import { quoteIdentifier } from '../src/postgres/identifier.ts';
import { psqlCommand } from '../src/postgres/psql-command.ts';
import { markKept, parseScratchName, sweepScratch } from '../src/postgres/scratch-database.ts';
import type { PostgresDropParameters } from '../src/language/generated/postgres-drop.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/postgres-drop.schema.json' with { type: 'json' };

const task: Task<PostgresDropParameters> = {
  name: 'postgres-drop',
  description: "Drops the run's scratch database, and those that killed runs left",
  needs: ['postgres'],
  writes: ['postgres'],
  role: 'other',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe(parameters: PostgresDropParameters, environment: Environment): readonly string[] {
  const database = parameters.database ?? "the run's scratch database";
  const keeps = parameters['keep-on-failure'] === true ? ', unless an earlier step failed' : '';
  return [
    `drop ${database} with (force) on the server of ${environment.name}${keeps}`,
    'drop scratch databases that killed runs left',
  ];
}

async function run(context: TaskContext, parameters: PostgresDropParameters): Promise<TaskResult> {
  const database = parameters.database ?? context.run.scratch;
  if (parseScratchName(database) === undefined) {
    throw new Failure('target-refused', `${database} is not the name of a scratch database`, {
      hint: "Only databases that a run named for itself ('${run.scratch}') are dropped; drop any other by hand.",
    });
  }
  const endpoint = context.environment.postgres;
  if (endpoint === undefined) {
    context.report.note(`no server of ${context.environment.name} was started: there is nothing to drop`);
    return { facts: { database, state: 'no-server' } };
  }
  await using session = await connectMaintenance(endpoint, {
    secrets: context.secrets,
    applicationName: applicationName(context.run.id),
    signal: context.signal,
  });
  const state = await dropOrKeep(context, parameters, session, endpoint, database);
  const swept = await sweep(context, session, database);
  return { facts: { database, state, ...swept } };
}

type DropState = 'dropped' | 'kept' | 'absent';

async function dropOrKeep(
  context: TaskContext,
  parameters: PostgresDropParameters,
  session: Session,
  endpoint: PostgresEndpoint,
  database: string,
): Promise<DropState> {
  if (!(await databaseExists(session, database))) {
    context.report.note(`there is no database ${database}`);
    return 'absent';
  }
  if (parameters['keep-on-failure'] === true && context.hasFailed) {
    // The throw-away cluster goes after the run, and all that is in it.
    if (context.environment.ephemeral !== true) {
      await keep(context, session, endpoint, database);
      return 'kept';
    }
    context.report.note(`${context.environment.name} is ephemeral: ${database} cannot be kept`);
  }
  context.report.phase(`dropping ${database}`);
  await dropDatabase(session, database, { force: true });
  return 'dropped';
}

async function keep(
  context: TaskContext,
  session: Session,
  endpoint: PostgresEndpoint,
  database: string,
): Promise<void> {
  await markKept(session, database, context.run.id);
  context.report.warn(
    `kept the database ${database} because the run failed; to look at it: ${psqlCommand(endpoint, database)}; ` +
      `to drop it: drop database ${quoteIdentifier(database)} with (force);`,
  );
}

/** What killed runs left is no reason for this one to fail. */
async function sweep(context: TaskContext, session: Session, except: string): Promise<TaskResult['facts']> {
  try {
    context.report.phase('looking for what killed runs left');
    const swept = await sweepScratch(session, { now: context.clock.now(), except });
    for (const database of swept.dropped)
      context.report.note(`dropped ${database}, which a killed run had left`);
    for (const { database, reason } of swept.left) context.report.note(`left ${database}: ${reason}`);
    return { swept: swept.dropped, left: swept.left };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    context.report.warn(`scratch databases of killed runs were not looked for: ${error.message}`);
    return {};
  }
}
