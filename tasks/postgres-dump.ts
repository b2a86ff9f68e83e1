import { manifestOf, restoreGuideOf, type FinishedDump } from '../src/artifact/dump-manifest.ts';
import { dumpResult } from '../src/artifact/dump-result.ts';
import { settingsOf, type DumpSettings } from '../src/artifact/dump-settings.ts';
import { chooseFreeName } from '../src/artifact/free-name.ts';
import { beginArtifact, type NewArtifact } from '../src/artifact/new-artifact.ts';
import { previousDumpBytes } from '../src/artifact/previous-size.ts';
import { checkScratch, makeScratch } from '../src/artifact/scratch.ts';
import { storeDirectoryDump, uploadsAtATime } from '../src/artifact/store-directory-dump.ts';
import { storeCustomDump, type DumpStorage } from '../src/artifact/store-dump.ts';
import { storeGlobals } from '../src/artifact/store-globals.ts';
import { together } from '../src/artifact/together.ts';
import { packingVersions } from '../src/artifact/tool-versions.ts';
import { readUploadsInstant } from '../src/artifact/uploads-instant.ts';
import type { Environment, PostgresEndpoint } from '../src/environment/environment.ts';
import { Failure } from '../src/failure.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import { connect, type Session } from '../src/postgres/connect.ts';
import type { DumpCommand } from '../src/postgres/dump-command.ts';
import { inspectDumpSource, type DumpSource } from '../src/postgres/dump-source.ts';
import { endBackends } from '../src/postgres/end-backends.ts';
import { lockedTables, takeFingerprint, type Fingerprint } from '../src/postgres/fingerprint.ts';
import { checkSpace, describeStandby } from '../src/postgres/preflight.ts';
import { programEnvironment } from '../src/postgres/program-environment.ts';
import { lockTables, takeSnapshot, type Snapshot } from '../src/postgres/snapshot.ts';
import type { Repository } from '../src/repository/repository.ts';
import type { PostgresDumpParameters } from '../src/schema/generated/postgres-dump.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/postgres-dump.schema.json' with { type: 'json' };

const task: Task<PostgresDumpParameters> = {
  name: 'postgres-dump',
  description: 'Dumps the database into the repository, as an artifact that stock tools restore',
  needs: ['postgres', 'repository'],
  writes: [],
  role: 'dump',
  outputs: ['artifact', 'bytes', 'sha256'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe(parameters: PostgresDumpParameters, environment: Environment): readonly string[] {
  const { format, jobs, compression, fingerprint, globals } = settingsOf(parameters);
  const pipe = [
    `pg_dump --format=${format}${format === 'directory' ? ` --jobs=${jobs}` : ''} --no-owner --no-privileges`,
    ...(compression.kind === 'zstd' ? [`zstd -${compression.level}`] : []),
    ...(environment.repository?.encrypt === undefined ? [] : ['age --encrypt']),
    'repository',
  ];
  return [
    pipe.join(' | '),
    ...(fingerprint === 'none' ? [] : [`count every table in the dump's own snapshot (${fingerprint})`]),
    ...(globals ? ['pg_dumpall --globals-only --no-role-passwords | repository'] : []),
    'checksums, RESTORE.md and, last, the manifest | repository',
  ];
}

async function run(context: TaskContext, parameters: PostgresDumpParameters): Promise<TaskResult> {
  const settings = settingsOf(parameters);
  const endpoint = requirePostgres(context.environment);
  const repository = await context.repository();
  context.report.phase('checking the server');
  await using session = await connect(endpoint, {
    secrets: context.secrets,
    applicationName: applicationName(context.run.id),
    signal: context.signal,
  });
  let committed = false;
  context.onEnd('end sessions on the server', async () => {
    if (!committed) await endSessions(context, endpoint);
  });
  const prepared = await prepare(context, settings, parameters, session, repository);
  const { name } = prepared;
  const artifact = await beginArtifact(repository, name, context.signal);
  context.onEnd('remove an unfinished artifact', () => discard(context, artifact));

  const startedMs = context.clock.monotonicMs();
  const dumped = await dumpAndCount(context, settings, prepared, artifact);
  const checksums = await artifact.putChecksums(`${dumped.dump.key}.sha256`);
  const finished: FinishedDump = {
    ...prepared,
    ...settings,
    ...dumped,
    environment: context.environment.name,
    database: endpoint.database,
    run: context.run,
    durationMs: context.clock.monotonicMs() - startedMs,
    recipients: context.environment.repository?.encrypt?.recipients ?? [],
    files: artifact.files,
    facts: prepared.source.facts,
  };
  const guide = restoreGuideOf(finished, {
    location: repository.location,
    store: context.environment.repository?.store,
    checksums: checksums.key,
    jobs: settings.jobs,
  });
  await artifact.put(`${name}.RESTORE.md`, 'guide', guide);
  const manifest = await artifact.commit(manifestOf(finished));
  committed = true;
  return dumpResult(manifest);
}

/** Everything that was settled before the first byte is written. */
interface Prepared {
  readonly repository: Repository;
  readonly source: DumpSource;
  readonly tools: Readonly<Record<string, string>>;
  readonly createdAt: Date;
  readonly name: string;
  readonly expectedBytes: number;
  readonly folder: string;
}

async function prepare(
  context: TaskContext,
  settings: DumpSettings,
  parameters: PostgresDumpParameters,
  session: Session,
  repository: Repository,
): Promise<Prepared> {
  const packing = await packingVersions(context.commands, packersOf(context.environment, settings));
  const clientFolder = parameters['client-folder'];
  const find = clientFolder === undefined ? {} : { folder: clientFolder };
  const source = await inspectDumpSource(session, context.commands, find);
  const { database } = session.endpoint;
  const { name, createdAt } = await chooseFreeName(repository, database, context.clock, context.signal);
  const expectedBytes = checkSpace({
    rawBytes: source.estimatedBytes,
    compressed: settings.compression.kind !== 'none',
    previousBytes: await previousDumpBytes(repository, name, context.signal),
    freeBytes: await repository.freeBytes(),
    where: repository.location,
  });
  const folder = await scratchFolder(context, parameters);
  const atATime = settings.jobs + uploadsAtATime;
  const crowded =
    settings.format === 'directory' ? await checkScratch(folder, source.tables, atATime) : undefined;
  for (const warning of [
    source.client.warning,
    crowded,
    ...describeStandby(session, source.facts, source.tables),
  ]) {
    if (warning !== undefined) context.report.warn(warning);
  }
  const tools = { pg_dump: source.client.tools.version, ...packing };
  return { repository, source, tools, createdAt, name, expectedBytes, folder };
}

/** Takes the snapshot, and dumps and counts what it shows at the same time. */
async function dumpAndCount(
  context: TaskContext,
  settings: DumpSettings,
  prepared: Prepared,
  artifact: NewArtifact,
): Promise<Pick<FinishedDump, 'snapshot' | 'storeTime' | 'uploads' | 'dump' | 'fingerprint'>> {
  const { repository, source, name, expectedBytes } = prepared;
  const { endpoint } = source.session;
  context.report.phase(`dumping ${endpoint.database}`);
  const snapshot = await takeSnapshot(source.session);
  const uploads = await readUploadsInstant(context);
  const storeTime = await repository.clock(context.signal);
  if (settings.fingerprint !== 'none') {
    await lockTables(source.session, lockedTables(snapshot.tables, source.facts.standby));
  }
  const command: DumpCommand = {
    tools: source.client.tools,
    database: endpoint.database,
    environment: await programEnvironment(endpoint, {
      secrets: context.secrets,
      folder: context.folder,
      applicationName: applicationName(context.run.id),
    }),
    snapshot: snapshot.id,
    standby: source.facts.standby,
    largeObjects: snapshot.hasLargeObjects,
  };
  const storage: DumpStorage = {
    repository,
    commands: context.commands,
    name,
    compression: settings.compression,
    encryption: context.environment.repository?.encrypt,
    folder: prepared.folder,
    tags: settings.tags,
    expectedBytes,
    signal: context.signal,
    onProgress: (bytes) => {
      // A total that was passed is no total any more.
      context.report.progress(bytes, bytes < expectedBytes ? expectedBytes : undefined);
    },
    onStored: (file) => {
      artifact.add(file);
    },
  };
  const [dump, fingerprint] = await together(
    AbortSignal.any([context.signal, source.session.lost]),
    (signal) =>
      settings.format === 'custom'
        ? storeCustomDump(command, { ...storage, signal })
        : storeDirectoryDump(command, settings.jobs, { ...storage, signal }),
    (signal) => countTables(context, settings, source, snapshot, signal),
  );
  if (settings.globals) await storeGlobals(command, storage);
  return { snapshot, storeTime, uploads, dump, fingerprint };
}

async function countTables(
  context: TaskContext,
  settings: DumpSettings,
  source: DumpSource,
  snapshot: Snapshot,
  signal: AbortSignal,
): Promise<Fingerprint> {
  const breakOff = (): void => void source.session.close();
  signal.addEventListener('abort', breakOff, { once: true });
  try {
    return await takeFingerprint(source.session, snapshot.tables, {
      mode: settings.fingerprint,
      standby: source.facts.standby,
      onTable: (table, done, total) => {
        context.report.phase(`dumping; counting ${table} (${done} of ${total} tables)`);
      },
    });
  } finally {
    signal.removeEventListener('abort', breakOff);
  }
}

function requirePostgres(environment: Environment): PostgresEndpoint {
  if (environment.postgres !== undefined) return environment.postgres;
  throw new Failure('environment-incomplete', `The environment ${environment.name} has no postgres`);
}

function packersOf(environment: Environment, settings: DumpSettings): readonly ('zstd' | 'age')[] {
  return [
    ...(settings.compression.kind === 'zstd' ? (['zstd'] as const) : []),
    ...(environment.repository?.encrypt === undefined ? [] : (['age'] as const)),
  ];
}

async function scratchFolder(context: TaskContext, parameters: PostgresDumpParameters): Promise<string> {
  if (parameters.scratch === undefined) return context.folder;
  const scratch = await makeScratch(parameters.scratch);
  context.onEnd('remove the scratch folder', () => scratch.remove());
  return scratch.path;
}

async function discard(context: TaskContext, artifact: NewArtifact): Promise<void> {
  try {
    const keys = await artifact.discard();
    if (keys.length > 0)
      context.report.note(`removed what was stored of ${artifact.name}: ${keys.join(', ')}`);
  } catch (error) {
    context.report.warn(
      `files of ${artifact.name} stay in the repository until pruning removes them: ${messageOf(error)}`,
    );
  }
}

async function endSessions(context: TaskContext, endpoint: PostgresEndpoint): Promise<void> {
  const ended = await endBackends(endpoint, { secrets: context.secrets, runId: context.run.id });
  if (ended > 0) context.report.note(`ended ${ended} sessions that the dump had left on the server`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
