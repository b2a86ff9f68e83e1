import { firstOf } from '../src/base/quantity/first-of.ts';
import { findComparedManifest } from '../src/artifact/compared-artifact.ts';
import { compareWithManifest, tablesToCount, type Comparison } from '../src/artifact/comparison.ts';
import { partialWords } from '../src/artifact/partial.ts';
import type { Manifest } from '../src/artifact/manifest.ts';
import type { Environment, PostgresEndpoint } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import { connect, type Session } from '../src/postgres/connect.ts';
import { endBackends } from '../src/postgres/end-backends.ts';
import { takeFingerprint, type FingerprintMode } from '../src/postgres/fingerprint.ts';
import type { KeptPrivileges } from '../src/postgres/kept-privileges.ts';
import { comparePrivileges } from '../src/postgres/compare-privileges.ts';
import { tablesNamed } from '../src/restore/accepted.ts';
import { currentPrivileges } from '../src/restore/current-privileges.ts';
import { readStoredPrivileges } from '../src/restore/stored-privileges.ts';
import { readServerFacts, type ServerFacts } from '../src/postgres/server-facts.ts';
import { applyReaderSettings } from '../src/postgres/settings.ts';
import { describeTable, listTables, type Table } from '../src/postgres/tables.ts';
import type { RestoreCompareParameters } from '../src/language/generated/restore-compare.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import type { CompareFacts } from '../src/language/facts.ts';
import parametersSchema from '../schemas/tasks/restore-compare.schema.json' with { type: 'json' };

const task: Task<RestoreCompareParameters> = {
  name: 'restore-compare',
  description: "Holds the restored tables against the fingerprint in the artifact's manifest",
  needs: ['postgres'],
  writes: [],
  others: [{ parameter: 'from', needs: 'repository' }],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** Tables that are read in one transaction, and so seen at one instant. */
const mostAtOneInstant = 1000;

/** Differences that the record keeps. */
const keptDifferences = 200;

function describe({ artifact, from }: RestoreCompareParameters, environment: Environment): readonly string[] {
  const which = artifact ?? (from === undefined ? 'what this run restored' : 'the latest artifact');
  const where = from === undefined ? '' : ` of ${from}`;
  const database = environment.postgres?.database ?? 'the restored database';
  return [`count every table of ${database} and hold it against the manifest of ${which}${where}`];
}

async function run(context: TaskContext, parameters: RestoreCompareParameters): Promise<TaskResult> {
  const { manifest, repository, from } = await findComparedManifest(context, parameters);
  const artifactPartial = partialWords({ facts: manifest });
  if (artifactPartial !== undefined) context.report.note(`${manifest.name} is ${artifactPartial}`);
  const endpoint = requirePostgres(context.environment);
  const isCompared = parameters.privileges ?? context.restored?.privileges !== undefined;
  const kept = isCompared ? await keptBeside({ manifest, repository, from }, context) : undefined;
  const { mode, comparison } = await compare(context, parameters, endpoint, manifest, kept);
  for (const remark of comparison.remarks) context.report.note(remark);
  const compared: CompareFacts = {
    mode,
    artifact: manifest.name,
    tables: comparison.tables,
    rows: comparison.rows,
    ...(isCompared && { privileges: true }),
    differences: comparison.differences.slice(0, keptDifferences),
  };
  const facts = { compare: compared };
  if (comparison.differences.length > 0) throw differs(endpoint, manifest, comparison, facts);
  const isEmpty = comparison.tables === 0 && manifest.fingerprint.tables.length > 0;
  if (isEmpty && context.restored?.partial !== undefined)
    throw new Failure('check-failed', `${endpoint.database} has no table that ${manifest.name} speaks of`, {
      hint: 'Nothing of what was asked for was restored, or it was restored elsewhere.',
      facts,
    });
  context.report.note(
    `${comparison.tables} tables with ${comparison.rows} rows${isCompared ? ', owners and privileges' : ''} are as ${manifest.name} says`,
  );
  return { facts };
}

interface Compared {
  readonly mode: FingerprintMode;
  readonly comparison: Comparison;
}

/** Reads the database in one transaction, so that all tables are seen at one instant, unless there are very many. */
async function compare(
  context: TaskContext,
  parameters: RestoreCompareParameters,
  endpoint: PostgresEndpoint,
  { fingerprint, server, partial: part }: Manifest,
  kept: KeptPrivileges | undefined,
): Promise<Compared> {
  const { report, secrets, signal } = context;
  const partial = context.restored?.partial;
  let isOver = false;
  context.onEnd('end the session on the server', async () => {
    if (!isOver) await endBackends(endpoint, { secrets, runId: context.run.id });
  });
  report.phase(`connecting to ${endpoint.database}`);
  await using session = await connect(endpoint, {
    secrets,
    applicationName: applicationName(context.run.id),
    signal,
  });
  const facts = await readServerFacts(session);
  await beginReading(session);
  const tables = await listTables(session);
  const options = {
    ignore: new Set([...(parameters.ignore ?? []), ...acceptedTables(context, fingerprint.tables, tables)]),
    allowMore: new Set(parameters['allow-more']),
    isPartial: partial !== undefined,
  };
  warnOfUnknown(context, parameters, [...fingerprint.tables, ...tables].map(describeTable));
  const mode = modeFor(context, fingerprint.mode, server.encoding, facts.locale.encoding);
  const counted = tablesToCount(fingerprint, tables, options.ignore);
  const found = await takeFingerprint(session, counted, {
    mode,
    standby: facts.standby,
    columnsByPlace: fingerprint.columns !== 'by-name',
    // A server has locks for some thousands of tables at a time.
    ...(counted.length > mostAtOneInstant && {
      between: async () => {
        await session.query('commit');
        await beginReading(session);
      },
    }),
    onTable: (table, done, total) => {
      report.phase(`comparing ${table} (${done} of ${total} tables)`);
    },
  });
  const isPartial = part !== undefined;
  const unlike =
    kept === undefined ? [] : await unlikePrivileges(context, session, facts, { kept, isPartial });
  isOver = true;
  if (partial !== undefined)
    report.note(`only a part was restored (${partial}): only the tables that exist are compared`);
  const comparison = compareWithManifest(fingerprint, { tables, fingerprint: found }, options);
  return { mode, comparison: { ...comparison, differences: [...comparison.differences, ...unlike] } };
}

async function keptBeside(
  source: Parameters<typeof readStoredPrivileges>[0],
  context: TaskContext,
): Promise<KeptPrivileges> {
  const kept = await readStoredPrivileges(source, context);
  if (kept !== undefined) return kept;
  throw new Failure(
    'check-failed',
    `${source.manifest.name} keeps no owners and privileges to compare with`,
    {
      hint: "Leave out 'privileges: true'.",
    },
  );
}

/** Owners, privileges and settings of the database, held against those that the artifact keeps. */
async function unlikePrivileges(
  context: TaskContext,
  session: Session,
  facts: ServerFacts,
  { kept, isPartial }: { readonly kept: KeptPrivileges; readonly isPartial: boolean },
): Promise<Comparison['differences']> {
  const { report, restored, run } = context;
  report.phase('comparing owners and privileges');
  const isPart = isPartial || restored?.partial !== undefined || restored?.incomplete !== undefined;
  if (isPart) report.note('owners and privileges of what is not there are not compared');
  const differences = comparePrivileges(kept, await currentPrivileges(context, session, facts), {
    ownerMap: new Map(Object.entries(restored?.privileges?.ownerMap ?? {})),
    // It says whose scratch database it is.
    ignoreComment: session.endpoint.database === run.scratch,
    isPart,
  });
  return differences.map(({ object, ...sides }) => ({ table: object, ...sides }));
}

/** Tables of the manifest that the restore could not make, or fill, and that the plan accepts so. */
function acceptedTables(
  { restored, report }: TaskContext,
  dumped: readonly Pick<Table, 'schema' | 'name'>[],
  there: readonly Pick<Table, 'schema' | 'name'>[],
): readonly string[] {
  const accepted = tablesNamed(restored?.incomplete ?? [], dumped, there).map(describeTable);
  if (accepted.length > 0)
    report.note(`not compared, as the restore was accepted without: ${firstOf(accepted, 10)}`);
  return accepted;
}

async function beginReading(session: Session): Promise<void> {
  await applyReaderSettings(session);
  await session.query('begin isolation level repeatable read read only');
}

/** The hash is of the text in the server's encoding, so in another one it says nothing. */
function modeFor(
  { report }: TaskContext,
  mode: FingerprintMode,
  dumped: string,
  restored: string,
): FingerprintMode {
  if (mode === 'none')
    report.note(
      'the manifest holds no counts (fingerprint: none): that the tables exist is all that was compared',
    );
  if (mode !== 'content' || dumped === restored) return mode;
  report.note(
    `the database is ${restored} and was ${dumped}: rows are counted, and their content not compared`,
  );
  return 'counts';
}

/** A mistyped name would leave a table out of nothing. */
function warnOfUnknown(
  { report }: TaskContext,
  parameters: RestoreCompareParameters,
  known: readonly string[],
): void {
  const names = new Set(known);
  for (const key of ['ignore', 'allow-more'] as const) {
    const unknown = (parameters[key] ?? []).filter((name) => !names.has(name));
    if (unknown.length > 0) report.warn(`no table bears the name in '${key}': ${firstOf(unknown, 10)}`);
  }
}

function differs(
  { database }: PostgresEndpoint,
  { name }: Manifest,
  { differences }: Comparison,
  facts: { readonly compare: CompareFacts },
): Failure {
  const named = differences
    .slice(0, 10)
    .map(({ table, expected, found }) => `${table}: expected ${expected}, found ${found}`);
  const rest = differences.length - named.length;
  const more = rest > 0 ? `; and ${rest} more` : '';
  return new Failure('check-failed', `${database} is not as ${name} says: ${named.join('; ')}${more}`, {
    hint: 'Compare right after the restore: steps that change rows, such as migrations and tests, come later.',
    facts,
  });
}

function requirePostgres(environment: Environment): PostgresEndpoint {
  if (environment.postgres !== undefined) return environment.postgres;
  throw new Failure('environment-incomplete', `The environment ${environment.name} has no postgres`, {
    hint: 'Put the step after one that restores.',
  });
}
