import { defaults } from '../src/language/generated/space-check.defaults.ts';
import { defined } from '../src/base/defined.ts';
import type { Environment, PostgresEndpoint } from '../src/language/environment/environment.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import { connect } from '../src/postgres/connect.ts';
import { answersHere } from '../src/postgres/restore-target.ts';
import { readServerSpace, type ServerSpace } from '../src/postgres/server-space.ts';
import { parseSize, renderBytes, renderPlanSize } from '../src/base/quantity/size.ts';
import type { SpaceCheckParameters } from '../src/language/generated/space-check.types.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import { Failure, type Task, type TaskContext, type TaskResult } from '../src/task/contract.ts';
import type { CheckFact } from '../src/language/facts.ts';
import { readSpace } from '../src/base/free-space.ts';
import { tellChecks } from '../src/check/check.ts';
import { judgeSpace, parseLimit, type SpaceLimit, type SpaceLimits } from '../src/check/space.ts';
import parametersSchema from '../schemas/tasks/space-check.schema.json' with { type: 'json' };

const task: Task<SpaceCheckParameters> = {
  name: 'space-check',
  description: 'Holds free space and inodes of folders, and what a database server can tell, against limits',
  needs: [],
  writes: [],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe(parameters: SpaceCheckParameters, environment: Environment): readonly string[] {
  const folders = ['the state folder', ...foldersOf(environment, parameters)];
  return [
    `ask the file systems of ${folders.join(', ')}`,
    ...(environment.postgres === undefined ? [] : [`ask ${environment.postgres.host} what its data takes`]),
  ];
}

async function run(context: TaskContext, parameters: SpaceCheckParameters): Promise<TaskResult> {
  const { environment, report } = context;
  const limits = limitsOf(parameters);
  const checks: CheckFact[] = [];
  const look = async (name: string, folder: string): Promise<void> => {
    report.phase(name);
    try {
      checks.push(...tellChecks(report, judgeSpace(name, await readSpace(folder), limits)));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      checks.push({ name: `space of ${name}`, state: 'failed', message });
    }
  };
  // The attempt's own folder lies in the state folder.
  await look('the state folder', context.folder);
  for (const folder of foldersOf(environment, parameters)) await look(folder, folder);
  let server: object | undefined;
  if (environment.postgres !== undefined && parameters.server !== false)
    server = await lookAtServer(context, parameters, environment.postgres, { checks, look });
  const facts = { ...defined({ server }) };
  const failure = checkFailure('the space', checks, 'free some space, or shorten a retention', { facts });
  if (failure !== undefined) throw failure;
  return { facts: { ...facts, checks } };
}

interface Looking {
  readonly checks: CheckFact[];
  readonly look: (name: string, folder: string) => Promise<void>;
}

/** A server on another host can say what its data takes, and not what is left; that is said as well. */
async function lookAtServer(
  { secrets, signal, report, run: { id } }: TaskContext,
  parameters: SpaceCheckParameters,
  endpoint: PostgresEndpoint,
  { checks, ...looking }: Looking,
): Promise<object> {
  report.phase(`asking ${endpoint.host}`);
  let space: ServerSpace;
  try {
    await using session = await connect(endpoint, { secrets, applicationName: applicationName(id), signal });
    space = await readServerSpace(session);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    checks.push({ name: `server ${endpoint.host}`, state: 'failed', message: error.message });
    return { host: endpoint.host };
  }
  const isHere = answersHere(endpoint.host) && (await areHere(space.folders));
  for (const folder of isHere ? space.folders : []) await looking.look(`the server's ${folder}`, folder);
  if (!isHere)
    report.note(
      `how much is free on ${endpoint.host} cannot be told by SQL: its databases take ${renderBytes(space.databasesBytes)}`,
    );
  checks.push(...slotChecks(endpoint, space, parameters));
  const { databasesBytes, slot } = space;
  return { host: endpoint.host, databasesBytes, slot, freeSpace: isHere ? 'asked' : 'cannot be told by SQL' };
}

/** A server in a container answers here and has its folders elsewhere. */
async function areHere(folders: readonly string[]): Promise<boolean> {
  if (folders.length === 0) return false;
  return Promise.all(folders.map(readSpace)).then(
    () => true,
    () => false,
  );
}

function slotChecks(
  { host }: PostgresEndpoint,
  { slot }: ServerSpace,
  { 'max-retained-log': most }: SpaceCheckParameters,
): readonly CheckFact[] {
  if (slot === null) return [];
  // Log that a forgotten replication slot holds back fills the disk of a server that is otherwise well.
  const limit = parseSize(most ?? defaults['max-retained-log']) ?? Number.MAX_SAFE_INTEGER;
  return [
    {
      name: `replication slots of ${host}`,
      state: slot.retainedBytes > limit ? 'failed' : 'passed',
      expected: `at most ${renderPlanSize(limit)} of the log held back`,
      found: `${renderBytes(slot.retainedBytes)} by ${slot.name}, which is ${slot.active ? 'in use' : 'not in use'}`,
    },
  ];
}

/** The parameters', and where the environment keeps artifacts and uploads. */
function foldersOf(
  { repository, uploads }: Environment,
  { folders = [] }: SpaceCheckParameters,
): readonly string[] {
  const stores = [repository?.store, uploads?.store].flatMap((store) =>
    store?.kind === 'folder' ? [store.folder] : [],
  );
  return [...new Set([...stores, ...folders])];
}

function limitsOf(parameters: SpaceCheckParameters): SpaceLimits {
  return {
    warn: limitOf(parameters['warn-below'] ?? defaults['warn-below']),
    fail: limitOf(parameters['fail-below'] ?? defaults['fail-below']),
    warnInodes: shareOf(parameters['warn-below-inodes'] ?? defaults['warn-below-inodes']),
    failInodes: shareOf(parameters['fail-below-inodes'] ?? defaults['fail-below-inodes']),
  };
}

function limitOf(text: string): SpaceLimit {
  const limit = parseLimit(text);
  if (limit === undefined) throw new Failure('plan-invalid', `'${text}' is no share and no size`);
  return limit;
}

function shareOf(text: string): number {
  const limit = limitOf(text);
  if ('bytes' in limit) throw new Failure('plan-invalid', `'${text}' is no share of inodes`);
  return limit.share;
}
