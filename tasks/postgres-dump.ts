import type { Compression } from '../src/artifact/compression.ts';
import { manifestOf, restoreGuideOf, type FinishedDump } from '../src/artifact/dump-manifest.ts';
import type { Manifest } from '../src/artifact/manifest.ts';
import { artifactName } from '../src/artifact/name.ts';
import { beginArtifact, type NewArtifact } from '../src/artifact/new-artifact.ts';
import { previousDumpBytes } from '../src/artifact/previous-size.ts';
import { checkScratch, makeScratch } from '../src/artifact/scratch.ts';
import { storeDirectoryDump, uploadsAtATime } from '../src/artifact/store-directory-dump.ts';
import { storeCustomDump, type DumpDestination } from '../src/artifact/store-dump.ts';
import { storeGlobals } from '../src/artifact/store-globals.ts';
import { together } from '../src/artifact/together.ts';
import { packingVersions } from '../src/artifact/tool-versions.ts';
import type { Environment, PostgresEndpoint } from '../src/environment/environment.ts';
import { Failure } from '../src/failure.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import type { DumpCommand } from '../src/postgres/dump-command.ts';
import { openDumpSource, type DumpSource } from '../src/postgres/dump-source.ts';
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

/** The parameters with every default in place. */
interface Settings {
  readonly format: 'custom' | 'directory';
  readonly jobs: number;
  readonly compression: Compression;
  readonly fingerprint: 'counts' | 'content' | 'none';
  readonly globals: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** What lifecycle rules of a backup bucket select by, unless the plan says other tags. */
const defaultTags: NonNullable<PostgresDumpParameters['tags']> = { tier: 'daily' };

function settingsOf(parameters: PostgresDumpParameters): Settings {
  const { format = 'custom', jobs, compress = 'zstd', fingerprint = 'counts', globals = false } = parameters;
  if (format === 'custom' && jobs !== undefined) {
    throw new Failure('plan-invalid', "'jobs' does nothing in format custom, which one process writes", {
      hint: 'Remove it, or say format: directory.',
    });
  }
  const { level = 3, threads = 0 } = typeof compress === 'object' ? compress : {};
  return {
    format,
    jobs: jobs ?? 2,
    compression: compress === 'none' ? { kind: 'none' } : { kind: 'zstd', level, threads },
    fingerprint,
    globals,
    tags: Object.fromEntries(
      Object.entries(parameters.tags ?? defaultTags).map(([key, value]) => [key, value ?? '']),
    ),
  };
}

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
  await using prepared = await prepare(context, settings, parameters);
  const { repository, name } = prepared;
  const artifact = await beginArtifact(repository, name, context.signal);
  context.onEnd('remove an unfinished artifact', () => discard(context, artifact));
  context.onEnd('end sessions on the server', () => endSessions(context, prepared.endpoint, artifact));

  const startedMs = context.clock.monotonicMs();
  const dumped = await dumpAndCount(context, settings, prepared, artifact);
  const checksums = await artifact.putChecksums(`${dumped.dump.key}.sha256`);
  const finished: FinishedDump = {
    ...prepared,
    ...settings,
    ...dumped,
    environment: context.environment.name,
    database: prepared.endpoint.database,
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
  return resultOf(manifest, checksums.sha256);
}

/** Everything that was settled before the first byte is written. */
interface Prepared extends AsyncDisposable {
  readonly endpoint: PostgresEndpoint;
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
  settings: Settings,
  parameters: PostgresDumpParameters,
): Promise<Prepared> {
  const endpoint = requirePostgres(context.environment);
  const repository = await context.repository();
  context.report.phase('checking the server');
  const packing = await packingVersions(context.commands, packersOf(context.environment, settings));
  const folder = await scratchFolder(context, parameters);
  const clientFolder = parameters['client-folder'];
  const source = await openDumpSource(endpoint, {
    secrets: context.secrets,
    commands: context.commands,
    runId: context.run.id,
    signal: context.signal,
    find: clientFolder === undefined ? {} : { folder: clientFolder },
  });
  try {
    const createdAt = context.clock.now();
    const name = artifactName(endpoint.database, createdAt);
    const expectedBytes = checkSpace({
      rawBytes: source.estimatedBytes,
      compressed: settings.compression.kind !== 'none',
      previousBytes: await previousDumpBytes(repository, name, context.signal),
      freeBytes: await repository.freeBytes(),
      where: repository.location,
    });
    const crowded =
      settings.format === 'directory'
        ? await checkScratch(folder, source.tables, settings.jobs + uploadsAtATime)
        : undefined;
    for (const warning of [
      source.client.warning,
      crowded,
      ...describeStandby(source.session, source.facts, source.tables),
    ]) {
      if (warning !== undefined) context.report.warn(warning);
    }
    return {
      endpoint,
      repository,
      source,
      tools: { pg_dump: source.client.tools.version, ...packing },
      createdAt,
      name,
      expectedBytes,
      folder,
      [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
    };
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

/** Takes the snapshot, and dumps and counts what it shows at the same time. */
async function dumpAndCount(
  context: TaskContext,
  settings: Settings,
  prepared: Prepared,
  artifact: NewArtifact,
): Promise<Pick<FinishedDump, 'snapshot' | 'storeTime' | 'dump' | 'fingerprint'>> {
  const { endpoint, repository, source, name, expectedBytes } = prepared;
  context.report.phase(`dumping ${endpoint.database}`);
  const snapshot = await takeSnapshot(source.session);
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
  };
  const destination: DumpDestination = {
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
        ? storeCustomDump(command, { ...destination, signal })
        : storeDirectoryDump(command, settings.jobs, { ...destination, signal }),
    (signal) => countTables(context, settings, source, snapshot, signal),
  );
  if (settings.globals) await storeGlobals(command, destination);
  return { snapshot, storeTime, dump, fingerprint };
}

async function countTables(
  context: TaskContext,
  settings: Settings,
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

function packersOf(environment: Environment, settings: Settings): readonly ('zstd' | 'age')[] {
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

async function endSessions(
  context: TaskContext,
  endpoint: PostgresEndpoint,
  artifact: NewArtifact,
): Promise<void> {
  if (artifact.committed) return;
  const ended = await endBackends(endpoint, { secrets: context.secrets, runId: context.run.id });
  if (ended > 0) context.report.note(`ended ${ended} sessions that the dump had left on the server`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function resultOf(manifest: Manifest, checksumsSha256: string): TaskResult {
  const { dump, server, tools, fingerprint, recoveryPoint } = manifest;
  const whole = manifest.files.find((file) => file.role === 'dump');
  return {
    outputs: {
      artifact: manifest.name,
      bytes: String(dump.storedBytes),
      // Of many files, the file of their checksums stands for all.
      sha256: whole?.sha256 ?? checksumsSha256,
    },
    bytes: dump.storedBytes,
    facts: {
      artifact: manifest.name,
      format: dump.format,
      rawBytes: dump.rawBytes,
      storedBytes: dump.storedBytes,
      ...(dump.rawBytes !== null && { compression: ratio(dump.rawBytes, dump.storedBytes) }),
      files: manifest.files.length,
      tables: fingerprint.tables.length,
      ...(fingerprint.mode !== 'none' && {
        rows: fingerprint.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0),
      }),
      largeObjects: fingerprint.largeObjects ?? 0,
      recoveryPoint,
      server: server.version,
      tools,
    },
  };
}

/** How many times smaller it became, to two digits after the point. */
function ratio(rawBytes: number, storedBytes: number): number {
  return Math.round((rawBytes / Math.max(1, storedBytes)) * 100) / 100;
}
