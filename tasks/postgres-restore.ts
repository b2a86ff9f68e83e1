import { defaults } from '../src/language/generated/postgres-restore.defaults.ts';
import { defined } from '../src/base/defined.ts';
import { isData } from '../src/artifact/manifest.ts';
import { partialWords } from '../src/artifact/partial.ts';
import { markVerified } from '../src/artifact/marking.ts';
import { readBackWhole } from '../src/artifact/read-back.ts';
import type { Environment, PostgresEndpoint } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { openDumpFile } from '../src/restore/dump-file.ts';
import { restoreDatabase, type FinishedRestore } from '../src/restore/restore-database.ts';
import { restoreFacts } from '../src/restore/restore-evidence.ts';
import { isPath, requestOf, type RestoreRequest } from '../src/restore/restore-request.ts';
import { chooseSource, dataBytes, type ArtifactSource } from '../src/restore/restore-source.ts';
import type { RestoreSource } from '../src/restore/source.ts';
import type { PostgresRestoreParameters } from '../src/language/generated/postgres-restore.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/postgres-restore.schema.json' with { type: 'json' };

const task: Task<PostgresRestoreParameters> = {
  name: 'postgres-restore',
  description:
    'Restores an artifact, or a dump of another tool, into a database and looks at what came of it',
  needs: ['postgres'],
  writes: ['postgres'],
  others: [{ parameter: 'from', needs: 'repository' }],
  role: 'restore',
  outputs: ['artifact', 'database'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe(parameters: PostgresRestoreParameters, environment: Environment): readonly string[] {
  const { artifact = defaults.artifact, from, jobs = defaults.jobs } = parameters;
  const database = parameters.database ?? environment.postgres?.database ?? "the artifact's database";
  const where = environment.ephemeral === true ? 'a throw-away cluster' : (environment.postgres?.host ?? '?');
  return [
    `choose ${artifact}${from === undefined ? '' : ` from the repository of ${from}`}`,
    `look at ${where}: version, extensions, space, rights, tables that are there`,
    ...(parameters.replace === true ? [] : [`createdb ${database}, when it is absent`]),
    `repository | sha256 | zstd -d | pg_restore --no-owner --no-privileges --jobs=${String(jobs)}${parameters.replace === true ? ' --clean --if-exists' : ''} --dbname=${database}`,
    'analyze every table; look at extensions, indexes, constraints and sequences',
    parameters.privileges === 'restore'
      ? "give it the source's owners, privileges and settings; make roles that are missing, without login"
      : 'close what everybody could do there and not at the source',
  ];
}

async function run(context: TaskContext, parameters: PostgresRestoreParameters): Promise<TaskResult> {
  const request = requestOf(parameters, process.env);
  const source = await findSource(context, parameters.from, request);
  const server = await serverOf(context, source);
  const endpoint = { ...server, database: parameters.database ?? databaseOf(context, source, server) };
  const startedAt = context.clock.now();
  const finished = await restoreDatabase(context, {
    source,
    endpoint,
    request,
    scratch: parameters.scratch,
    clientFolder: parameters['client-folder'],
  });
  const isProven = source.kind === 'artifact' && finished.bytes === dataBytes(source.manifest);
  if (isProven) await markReadBack(context, source);
  return resultOf(
    finished,
    request,
    await recoveryPointAge(source, startedAt, context.signal),
    await versionOf(source, context.signal),
  );
}

async function findSource(
  context: TaskContext,
  from: string | undefined,
  request: RestoreRequest,
): Promise<RestoreSource> {
  if (isPath(request.artifact)) {
    context.report.phase(`looking at ${request.artifact}`);
    return openDumpFile(request.artifact, context.commands);
  }
  context.report.phase('choosing the artifact');
  const environment = from === undefined ? context.environment : context.environmentNamed(from);
  const source = await chooseSource(request.artifact, {
    from: environment,
    repository: await context.repository(from),
    secrets: context.secrets,
    folder: context.folder,
    runId: context.run.id,
    signal: context.signal,
  });
  if (source.passedOver !== undefined) context.report.note(source.passedOver);
  const partial = partialWords({ facts: source.manifest });
  if (partial !== undefined) context.report.warn(`${source.manifest.name} is ${partial}`);
  context.report.note(
    `restoring ${source.manifest.name}, the database ${source.manifest.database} as of ${source.manifest.recoveryPoint.time}`,
  );
  return source;
}

/** The environment's server; of an ephemeral environment a cluster of the dump's major, started for the run. */
async function serverOf(context: TaskContext, source: RestoreSource): Promise<PostgresEndpoint> {
  const { environment } = context;
  if (environment.postgres !== undefined) return environment.postgres;
  if (environment.ephemeral !== true) {
    throw new Failure('environment-incomplete', `the environment ${environment.name} has no postgres`);
  }
  context.report.phase('starting a throw-away cluster');
  const cluster = await context.startCluster(
    source.kind === 'artifact' ? source.manifest.server.major : undefined,
  );
  context.report.note(`a throw-away cluster answers in ${cluster.host}`);
  return cluster;
}

/** A throw-away cluster has no database yet: the restored one gets the name that it had. */
function databaseOf(context: TaskContext, source: RestoreSource, server: PostgresEndpoint): string {
  if (context.environment.ephemeral !== true) return server.database;
  return source.kind === 'artifact' ? source.manifest.database : 'restored';
}

/** Every byte of the data was read and proven on its way; the small files beside it follow, so that it counts as verified. */
async function markReadBack(context: TaskContext, source: ArtifactSource): Promise<void> {
  if (source.artifact.state === 'verified') return;
  const { repository, manifest, manifestSha256, artifact } = source;
  const { commands, signal } = context;
  for (const file of manifest.files) {
    if (!isData(file)) await readBackWhole(repository, file, { commands, signal, stages: [] });
  }
  await markVerified(
    repository,
    artifact,
    { manifest, sha256: manifestSha256 },
    {
      verifiedAt: context.clock.now(),
      runId: context.run.id,
      contents: 'parsed',
      signal,
    },
  );
}

/** By the store's own clock, which noted the recovery point. */
async function recoveryPointAge(
  source: RestoreSource,
  startedAt: Date,
  signal: AbortSignal,
): Promise<number | null> {
  if (source.kind === 'file') return null;
  const now = await source.repository.clock(signal).catch(() => startedAt);
  return Math.max(0, now.getTime() - Date.parse(source.manifest.recoveryPoint.storeTime));
}

async function versionOf(source: RestoreSource, signal: AbortSignal): Promise<string | null> {
  if (source.kind === 'file') return null;
  const [first] = source.manifest.files;
  const found = first === undefined ? undefined : await source.repository.head(first.key, signal);
  return found?.versionId ?? null;
}

function resultOf(
  finished: FinishedRestore,
  request: RestoreRequest,
  recoveryPointAgeMs: number | null,
  versionId: string | null,
): TaskResult {
  const { source, target, bytes } = finished;
  const facts = restoreFacts(finished, { recoveryPointAgeMs, versionId });
  return {
    bytes: source.kind === 'artifact' ? bytes : source.bytes,
    outputs: {
      artifact: source.kind === 'artifact' ? source.manifest.name : source.path,
      database: target.endpoint.database,
    },
    facts: { restore: facts },
    restored: {
      postgres: target.endpoint,
      ...(source.kind === 'artifact' && {
        artifact: {
          name: source.manifest.name,
          environment: source.from.name,
          ...defined({ partial: partialWords({ facts: source.manifest }) }),
        },
      }),
      ...defined({ partial: request.partial }),
      ...(finished.left.length > 0 && { incomplete: finished.left.map(({ object }) => object) }),
      ...(request.privileges === 'restore' && {
        privileges: { ownerMap: Object.fromEntries(request.ownerMap) },
      }),
    },
  };
}
