import { describePartial } from '../src/artifact/partial.ts';
import { selectionWords } from '../src/postgres/dump-selection.ts';
import { renderChecksums } from '../src/artifact/checksums.ts';
import { dumpAndCount } from '../src/artifact/dump-and-count.ts';
import { manifestOf, restoreGuideOf, type FinishedDump } from '../src/artifact/dump-manifest.ts';
import { dumpResult } from '../src/artifact/dump-result.ts';
import { settingsOf } from '../src/artifact/dump-settings.ts';
import type { NewArtifact } from '../src/artifact/new-artifact.ts';
import { lookEarly, prepareDump } from '../src/artifact/prepare-dump.ts';
import type { Environment, PostgresEndpoint } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import { connect } from '../src/postgres/connect.ts';
import { endBackends } from '../src/postgres/end-backends.ts';
import type { PostgresDumpParameters } from '../src/language/generated/postgres-dump.types.ts';
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
  const { format, jobs, compression, fingerprint, globals, selection } = settingsOf(parameters);
  const words = selection === undefined ? [] : selectionWords(selection);
  const pipe = [
    `pg_dump --format=${format}${format === 'directory' ? ` --jobs=${jobs}` : ''} --no-owner --no-privileges${words.map((word) => ` ${word}`).join('')}`,
    ...(compression.kind === 'zstd' ? [`zstd -${compression.level}`] : []),
    ...(environment.repository?.encrypt === undefined ? [] : ['age --encrypt']),
    'repository',
  ];
  return [
    pipe.join(' | '),
    ...(selection === undefined
      ? []
      : [
          'the artifact is partial: it counts for no RPO, and latest passes it over (latest-partial takes it)',
        ]),
    ...(fingerprint === 'none' ? [] : [`count every table in the dump's own snapshot (${fingerprint})`]),
    ...(globals ? ['pg_dumpall --globals-only --no-role-passwords | repository'] : []),
    'owners, privileges and settings of the same snapshot, as SQL | repository',
    'checksums, RESTORE.md and, last, the manifest | repository',
  ];
}

async function run(context: TaskContext, parameters: PostgresDumpParameters): Promise<TaskResult> {
  const settings = settingsOf(parameters);
  const endpoint = requirePostgres(context.environment);
  const repository = await context.repository();
  context.report.phase('checking the server');
  const early = lookEarly(context, settings, parameters, endpoint.database, repository);
  await using session = await connect(endpoint, {
    secrets: context.secrets,
    applicationName: applicationName(context.run.id),
    signal: context.signal,
  });
  let committed = false;
  context.onEnd('end sessions on the server', async () => {
    if (!committed) await endSessions(context, endpoint);
  });
  const prepared = await prepareDump(context, settings, parameters, session, repository, early);
  const { name, artifact } = prepared;
  context.onEnd('remove an unfinished artifact', () => discard(context, artifact));

  const startedMs = context.clock.monotonicMs();
  const dumped = await dumpAndCount(context, settings, prepared, artifact);
  const checksums = `${dumped.dump.key}.sha256`;
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
    checksums,
    jobs: settings.jobs,
  });
  await artifact.put([
    { key: checksums, role: 'checksums', text: renderChecksums(artifact.files) },
    { key: `${name}.RESTORE.md`, role: 'guide', text: guide },
  ]);
  const manifest = await artifact.commit(manifestOf(finished));
  committed = true;
  if (manifest.partial !== undefined)
    context.report.warn(
      `${manifest.name} is partial, counts for no RPO and is not what latest means: ${describePartial(manifest.partial)}`,
    );
  return dumpResult(manifest);
}

function requirePostgres(environment: Environment): PostgresEndpoint {
  if (environment.postgres !== undefined) return environment.postgres;
  throw new Failure('environment-incomplete', `The environment ${environment.name} has no postgres`);
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
