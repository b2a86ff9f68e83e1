import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { connect as connectSocket, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import { connect, connectMaintenance, type Session } from '../../../src/postgres/connect.ts';
import { checkReadable } from '../../../src/postgres/preflight.ts';
import { checkProgramServer, programEnvironment } from '../../../src/postgres/program.ts';
import { readServerFacts } from '../../../src/postgres/server-facts.ts';
import { createCommands } from '../../../src/process/create-commands.ts';
import type { Commands } from '../../../src/process/commands.ts';
import { createProcessGroups } from '../../../src/process/process-groups.ts';
import type { PostgresDumpParameters } from '../../../src/language/generated/postgres-dump.types.ts';
import type { Task, TaskResult } from '../../../src/task/contract.ts';
import artifactVerify from '../../../tasks/artifact-verify.ts';
import postgresCutover from '../../../tasks/postgres-cutover.ts';
import postgresDrop from '../../../tasks/postgres-drop.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import sqlCheck from '../../../tasks/sql-check.ts';
import {
  createDatabase,
  databaseNamed,
  dropDatabase,
  queryServer,
  type TestDatabase,
} from '../../services/database.ts';
import type { RunningService } from '../../services/running-service.ts';
import { onSecondPostgres, startSecondPostgres } from '../../services/second-postgres.ts';
import type { PostgresService, Services } from '../../services/services.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { folderStore, type Store } from '../restore/restored.ts';
import { attempt, environmentFor, fixedSecrets, scratchName, type AttemptOptions } from '../task/attempt.ts';

/** What an operator may have set for a role or a database, each of which has ended or changed somebody's run. */
const settings: Readonly<Record<string, string>> = {
  statement_timeout: '1ms',
  lock_timeout: '1ms',
  idle_in_transaction_session_timeout: '1s',
  idle_session_timeout: '1s',
  default_transaction_read_only: 'on',
  default_transaction_isolation: 'serializable',
  search_path: 'nowhere',
  client_encoding: 'LATIN1',
  client_min_messages: 'debug1',
  DateStyle: 'German',
  IntervalStyle: 'sql_standard',
  row_security: 'off',
  bytea_output: 'escape',
  extra_float_digits: '-10',
  standard_conforming_strings: 'off',
  quote_all_identifiers: 'on',
  transform_null_equals: 'on',
  xmloption: 'document',
  default_tablespace: 'nowhere',
  local_preload_libraries: 'no_such_library',
};

let services: Services;
let second: RunningService<PostgresService>;
let other: Services;
let role: string;
let store: Store;
/** A database of the role's, with settings of its own. */
let source: TestDatabase;

beforeAll(async () => {
  services = inject('services');
  second = await startSecondPostgres(services);
  other = onSecondPostgres(services, second.service);
  role = `hostile_${randomBytes(4).toString('hex')}`;
  const password = pg.escapeLiteral(services.postgres.password);
  await queryServer(services, `create role ${role}_other nologin`);
  await queryServer(services, `create role ${role} login createdb password ${password}`);
  await queryServer(services, `grant ${role}_other to ${role}`);
  source = await hostileDatabase(
    `create table rows (id int primary key, text text, at timestamptz default '2026-01-02 03:04:05+00', data bytea default '\\x00ff');
     insert into rows select x, 'ünïcode ' || x from generate_series(1, 500) as x;
     create index on rows (text);
     select lo_from_bytea(0, 'large');`,
  );
  for (const [name, value] of Object.entries(settings))
    await queryServer(services, `alter role ${role} set ${name} to ${pg.escapeLiteral(value)}`);
  await queryServer(services, `alter role ${role} set role to ${role}_other`);
});

afterAll(async () => {
  await dropDatabase(services, source);
  await queryServer(services, `drop role ${role}`);
  await queryServer(services, `drop role ${role}_other`);
  await second.stop();
});

async function hostileDatabase(sql: string, clauses = ''): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await queryServer(services, `create database ${name} template template0 ${clauses}`);
  const database = databaseNamed(services, name);
  await database.query(sql);
  await queryServer(services, `alter database ${name} owner to ${role}`);
  await database.query(`alter schema public owner to ${role}`);
  await database.query(`do $$ declare t text; l oid; begin
    for t in select tablename from pg_tables where schemaname = 'public' loop execute format('alter table %I owner to ${role}', t); end loop;
    for l in select oid from pg_largeobject_metadata loop execute format('alter large object %s owner to ${role}', l); end loop; end $$`);
  for (const setting of [
    'statement_timeout',
    'default_transaction_read_only',
    'search_path',
    'client_encoding',
  ])
    await queryServer(
      services,
      `alter database ${name} set ${setting} to ${pg.escapeLiteral(settings[setting] ?? '')}`,
    );
  return database;
}

/** Asks a hostile database without being troubled by its settings. */
async function ask<Row extends pg.QueryResultRow>({ connection }: TestDatabase, sql: string): Promise<Row[]> {
  const client = new pg.Client({ ...connection, options: '-c statement_timeout=0' });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

function droppedLater(name: string): string {
  onTestFinished(() => dropDatabase(services, { name }));
  return name;
}

/** Variables that lead every libpq program elsewhere, or end it: a service is another server. */
async function hostileVariables(): Promise<Readonly<Record<string, string>>> {
  const folder = await temporaryFolder('services');
  const { host, port, user, password } = second.service;
  const service = `[elsewhere]\nhost=${host}\nport=${port}\nuser=${user}\npassword=${password}\n`;
  await writeFile(join(folder, 'services.conf'), service);
  await writeFile(join(folder, 'psqlrc'), '\\q\n');
  return {
    PGSERVICE: 'elsewhere',
    PGSERVICEFILE: join(folder, 'services.conf'),
    PGSYSCONFDIR: folder,
    PGHOSTADDR: '203.0.113.1',
    PGDATABASE: 'nowhere',
    PGUSER: 'nobody',
    PGPASSWORD: 'wrong',
    PGPASSFILE: join(folder, 'services.conf'),
    PGOPTIONS: '-c statement_timeout=1 -c default_transaction_read_only=on',
    PGCLIENTENCODING: 'LATIN1',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: '/no/such.crt',
    PGREQUIREAUTH: 'none',
    PGREQUIREPEER: 'nobody',
    PGCHANNELBINDING: 'require',
    PGTARGETSESSIONATTRS: 'standby',
    PGLOADBALANCEHOSTS: 'nonsense',
    PGREPLICATION: 'database',
    PGSSLNEGOTIATION: 'direct',
    PGDATESTYLE: 'German',
    PGTZ: 'nowhere',
    PGCONNECT_TIMEOUT: 'soon',
    PG_COLOR: 'always',
    PSQLRC: join(folder, 'psqlrc'),
  };
}

/** Does something while this process has those variables; whatever the test itself asks, it asks without them. */
async function amidst<Result>(
  variables: Readonly<Record<string, string>>,
  work: () => Promise<Result>,
): Promise<Result> {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  try {
    return await work();
  } finally {
    vi.unstubAllEnvs();
  }
}

function loginOf(database: string, to: Partial<PostgresEndpoint> = {}): PostgresEndpoint {
  const { host, port } = services.postgres;
  const password = { kind: 'env', name: 'X', position: 'test:1:1' } as const;
  return { host, port, user: role, database, sslmode: 'prefer', password, ...to };
}

async function open(endpoint: PostgresEndpoint, maintenance = false): Promise<Session> {
  const secrets = fixedSecrets(services.postgres.password);
  const session = await (maintenance ? connectMaintenance : connect)(endpoint, {
    secrets,
    applicationName: 'hostile',
  });
  onTestFinished(() => session.close());
  return session;
}

function commandsOf(): Commands {
  const { commands } = createCommands({
    signal: () => new AbortController().signal,
    redact: (text) => text,
    groups: createProcessGroups(),
    inherited: process.env,
    cwd: '/',
    onLife: () => undefined,
    onOutput: () => undefined,
  });
  return commands;
}

/** `name=setting` of what the session sees. */
const shown = `select name || '=' || setting as text from pg_settings where name = any ($1)`;
const lifted = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  client_encoding: 'UTF8',
  client_min_messages: 'warning',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  row_security: 'on',
  bytea_output: 'hex',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  transform_null_equals: 'off',
  xmloption: 'content',
  default_tablespace: '',
  local_preload_libraries: '',
  search_path: '"$user", public',
};
const expected = Object.entries(lifted)
  .map(([name, value]) => `${name}=${value}`)
  .sort();

test('a setting that hides damaged pages is lifted where the role may do that, and told where it may not', async () => {
  const database = await hostileDatabase('create table rows (id int)');
  droppedLater(database.name);
  const superuser = services.postgres.user;
  for (const name of [role, superuser])
    await queryServer(
      services,
      `alter role ${name} in database ${database.name} set zero_damaged_pages to on`,
    );
  const lifted = await open(loginOf(database.name, { user: superuser }));
  expect(await lifted.query(`select current_setting('zero_damaged_pages') as it`)).toEqual([{ it: 'off' }]);
  const bound = await open(loginOf(database.name));
  await expect(checkReadable(bound, await readServerFacts(bound), [])).rejects.toMatchObject({
    code: 'postgres-permission',
    message: expect.stringContaining('zero_damaged_pages is on') as string,
  });
});

test('a session begins with our settings, as the role that logs in', async () => {
  const session = await amidst(await hostileVariables(), () => open(loginOf(source.name)));
  const rows = await session.query<{ text: string }>(shown, [Object.keys(lifted)]);
  expect(rows.map(({ text }) => text).sort()).toEqual(expected);
  expect(await session.query('select current_user as me')).toEqual([{ me: role }]);
  expect(session.server).toMatchObject({ major: services.postgres.major, superuser: false });
});

test('an operator’s own statements keep the search path of their role', async () => {
  const { host, port } = services.postgres;
  await using session = await connect(loginOf(source.name, { host, port }), {
    secrets: fixedSecrets(services.postgres.password),
    applicationName: 'hostile',
    operator: true,
  });
  expect(await session.query('show search_path')).toEqual([{ search_path: 'nowhere' }]);
  expect(await session.query('show statement_timeout')).toEqual([{ statement_timeout: '0' }]);
});

test('the sessions of a program begin so too, on the server of the session', async () => {
  const variables = await hostileVariables();
  const folder = await temporaryFolder('program');
  const session = await open(loginOf(source.name));
  const names = Object.keys(lifted).map((name) => pg.escapeLiteral(name));
  const question = `${shown.replace('$1', `array[${names.join(', ')}]`)} union all select current_user`;
  const { stdout } = await amidst(variables, async () => {
    const environment = await programEnvironment(session, {
      secrets: fixedSecrets(services.postgres.password),
      folder,
      applicationName: 'hostile',
    });
    await checkProgramServer(session, commandsOf(), 'psql', environment);
    return commandsOf().run('psql', ['-XAt', '--command', question], { environment });
  });
  expect(stdout.trimEnd().split('\n').sort()).toEqual([...expected, role].sort());
});

describe.each<{ readonly dump: PostgresDumpParameters; readonly jobs: number }>([
  { dump: { format: 'custom' }, jobs: 1 },
  { dump: { format: 'custom' }, jobs: 2 },
  { dump: { format: 'directory', jobs: 2 }, jobs: 2 },
])('with every hostile setting and variable, $dump.format with $jobs', ({ dump, jobs }) => {
  /** One task of a chain, as the role. */
  async function step<Parameters extends object>(
    task: Task<Parameters>,
    parameters: Parameters,
    database: string,
    options: Partial<AttemptOptions> = {},
  ): Promise<TaskResult> {
    const { result } = await amidst(await hostileVariables(), () =>
      attempt(task, parameters, {
        environment: environmentFor(services, database, store.settings, { user: role }),
        repository: store.repository,
        password: services.postgres.password,
        ...options,
      }),
    );
    return result;
  }

  test('a database is dumped, verified, restored, analyzed, checked, compared, put in place and dropped', async () => {
    store = await folderStore();
    const dumped = await step(postgresDump, dump, source.name);
    const artifact = dumped.outputs?.['artifact'] ?? '';
    await step(artifactVerify, {}, source.name);

    const target = await hostileDatabase('create table rows (old int); create table kept (x int);');
    droppedLater(target.name);
    // The service's server has a database of that name, with a table that a restore would replace.
    const bystander = await createDatabase(other, target.name);
    onTestFinished(() => dropDatabase(other, bystander));
    await bystander.query('create table rows (precious int)');
    await step(
      postgresRestore,
      { artifact, database: target.name, replace: true, jobs, 'same-server': true },
      source.name,
    );
    expect(await ask(target, 'select count(*)::int as rows, min(text) as text from public.rows')).toEqual([
      { rows: 500, text: 'ünïcode 1' },
    ]);
    expect(await bystander.query('select count(precious)::int as rows from rows')).toEqual([{ rows: 0 }]);
    const analyzed = `select reltuples::int as rows from pg_class where oid = 'public.rows'::regclass`;
    expect(await ask(target, analyzed)).toEqual([{ rows: 500 }]);
    const owner = `select tableowner as owner from pg_tables where tablename = 'rows'`;
    expect(await ask(target, owner)).toEqual([{ owner: role }]);

    await step(restoreCompare, { artifact, 'allow-more': ['public.kept'] }, target.name);
    const sql = `select count(*) from public.rows where at::text like '2026-01-0%' and data::text = '\\x00ff'`;
    await step(sqlCheck, { checks: [{ name: 'formats are ours', sql, expect: 500 }] }, target.name);

    const previous = droppedLater(`${target.name}_before`);
    const next = droppedLater(scratchName());
    await step(postgresRestore, { artifact, database: next, jobs, 'same-server': true }, source.name, {
      scratch: next,
    });
    await step(
      postgresCutover,
      { live: target.name, database: next, 'keep-as': previous, privileges: 'ignore' },
      source.name,
    );
    const scratch = droppedLater(scratchName());
    await step(postgresRestore, { artifact, database: scratch, jobs, 'same-server': true }, source.name, {
      scratch,
    });
    await step(postgresDrop, {}, scratch, { scratch });
    expect(
      await queryServer(services, 'select from pg_database where datname = any ($1)', [
        [target.name, previous, scratch],
      ]),
    ).toHaveLength(2);
  });
});

test.each([
  ['SQL_ASCII', String.raw`E'na\xefve'`],
  ['LATIN1', `'naïve'`],
  ['UTF8', `'naïve'`],
])(
  'a database in %s is restored byte for byte, whatever encoding the role has',
  async (encoding, literal) => {
    const original = await hostileDatabase(
      `create table texts (text text); insert into texts values (${literal})`,
      `encoding '${encoding}' lc_collate 'C' lc_ctype 'C'`,
    );
    droppedLater(original.name);
    const copy = droppedLater(`test_${randomBytes(6).toString('hex')}`);
    store = await folderStore();
    const options = {
      environment: environmentFor(services, original.name, store.settings, { user: role }),
      repository: store.repository,
      password: services.postgres.password,
    };
    await attempt(postgresDump, { fingerprint: 'content' }, options);
    await attempt(artifactVerify, {}, options);
    await attempt(postgresRestore, { database: copy, 'same-server': true }, options);
    const stored = `select md5(text) as digest, octet_length(text) as bytes,
                         current_setting('server_encoding') as encoding from public.texts`;
    const [row] = await ask(original, stored);
    expect(row).toMatchObject({ encoding, bytes: encoding === 'UTF8' ? 6 : 5 });
    expect(await ask(databaseNamed(services, copy), stored)).toEqual([row]);
  },
);

describe('of two servers behind one address', () => {
  /** Leads those connections, counted from 1, to the second server, and all others to the services'. */
  async function balancer(leadsAway: (connection: number) => boolean): Promise<Partial<PostgresEndpoint>> {
    let count = 0;
    const server = createServer((from) => {
      count += 1;
      const { host, port } = leadsAway(count) ? second.service : services.postgres;
      const to = connectSocket({ host, port });
      from.on('error', () => to.destroy()).pipe(to);
      to.on('error', () => from.destroy()).pipe(from);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, sslmode: 'disable' };
  }

  beforeAll(async () => {
    const password = pg.escapeLiteral(services.postgres.password);
    await queryServer(other, `create role ${role} login superuser password ${password}`);
  });

  test('a session that must be on the server of another is refused, and both are named', async () => {
    const session = await open(loginOf(source.name, await balancer((count) => count > 1)), true);
    await expect(session.inDatabase('postgres')).rejects.toMatchObject({
      code: 'target-refused',
      message: expect.stringMatching(/postgres.* started at .*; looked at was .* started at /),
    });
  });

  test('a program that reaches another server than its session is found out', async () => {
    const session = await open(loginOf(source.name, await balancer((count) => count > 1)), true);
    const environment = await programEnvironment(session, {
      secrets: fixedSecrets(services.postgres.password),
      folder: await temporaryFolder('program'),
      applicationName: 'hostile',
    });
    await expect(checkProgramServer(session, commandsOf(), 'psql', environment)).rejects.toMatchObject({
      code: 'target-refused',
      message: expect.stringMatching(/^psql reached another server/),
    });
  });

  // When the session that loads opens, the database to be replaced is dropped on the right server.
  test.each<[string, (connection: number) => boolean, boolean]>([
    ['the look into the database', (connection) => connection === 2, true],
    ['a program', (connection) => connection === 3, true],
    ['the session that loads', (connection) => connection === 4, false],
    ['everything after the first look', (connection) => connection > 2, true],
  ])('a restore of which %s is led to the other writes nothing there', async (_, leadsAway, isUntouched) => {
    store = await folderStore();
    const { result } = await attempt(
      postgresDump,
      {},
      {
        environment: environmentFor(services, source.name, store.settings, { user: role }),
        repository: store.repository,
        password: services.postgres.password,
      },
    );
    const artifact = result.outputs?.['artifact'] ?? '';
    const target = await hostileDatabase('create table rows (old int)');
    droppedLater(target.name);
    const bystander = await createDatabase(other, target.name);
    onTestFinished(() => dropDatabase(other, bystander));
    await bystander.query('create table rows (precious int)');
    const restoring = attempt(
      postgresRestore,
      { artifact, database: target.name, replace: true, 'same-server': true },
      {
        environment: environmentFor(services, source.name, store.settings, {
          user: role,
          ...(await balancer(leadsAway)),
        }),
        repository: store.repository,
        password: services.postgres.password,
      },
    );
    await expect(restoring).rejects.toMatchObject({ code: 'target-refused' });
    const tables = await ask(
      target,
      "select attname from pg_attribute where attrelid = to_regclass('public.rows') and attnum > 0",
    );
    expect(tables).toEqual(isUntouched ? [{ attname: 'old' }] : []);
    expect(await bystander.query('select count(precious)::int as rows from rows')).toEqual([{ rows: 0 }]);
  });
});
