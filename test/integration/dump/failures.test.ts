import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import { openFolder } from '../../../src/store/folder.ts';
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import type { PostgresDumpParameters } from '../../../src/language/generated/postgres-dump.types.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import { largeTable } from '../../fixtures/large-table.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { attempt, environmentFor, type AttemptOptions } from '../task/attempt.ts';
import { answerVersion, fakePrograms, realProgram } from './fake.ts';
import { filesBelow, temporaryFolder } from './folder.ts';
import { newIdentity } from './stock-tools.ts';

const services = inject('services');
const { major } = services.postgres;
let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createDatabase(services);
  await database.query(largeTable('orders'));
});

beforeEach(async () => {
  folder = await temporaryFolder('failures');
});

afterAll(async () => {
  await dropDatabase(services, database);
});

interface DumpOptions extends Partial<AttemptOptions> {
  readonly parameters?: PostgresDumpParameters;
  readonly postgres?: Partial<PostgresEndpoint>;
  readonly recipient?: string;
}

async function dump(options: DumpOptions = {}): Promise<string> {
  const store = `${folder}/repository`;
  const { result } = await attempt(postgresDump, options.parameters ?? {}, {
    environment: environmentFor(
      services,
      database.name,
      {
        store: { kind: 'folder', folder: store },
        ...(options.recipient !== undefined && { encrypt: { recipients: [options.recipient] } }),
      },
      options.postgres,
    ),
    repository: await openFolder(store),
    password: services.postgres.password,
    ...options,
  });
  return result.outputs?.['artifact'] ?? '';
}

/** The Failure that a dump ends with; the repository must hold nothing of it afterwards, nor the server a session. */
async function failureOf(options: DumpOptions): Promise<Failure> {
  const { runId = `failing-${Math.random().toString(16).slice(2)}` } = options;
  const error: unknown = await dump({ ...options, runId }).then(
    (name) => new Error(`it made ${name}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw error;
  expect(await filesBelow(`${folder}/repository`).catch(() => [])).toEqual([]);
  await expect.poll(() => sessionsOf(runId)).toBe(0);
  return error;
}

async function sessionsOf(runId: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int as count from pg_stat_activity where application_name like $1',
    [`${runId}%`],
  );
  return row?.count ?? -1;
}

test('a wrong password is told as such and not repeated', async () => {
  const failure = await failureOf({ password: 'not-the-password' });
  expect(failure.code).toBe('postgres-login');
  expect(failure.message).toContain(`@${services.postgres.host}:${services.postgres.port}/${database.name}`);
  expect(JSON.stringify(failure)).not.toContain('not-the-password');
});

test('a host that nobody answers on, and one that does not exist, are unreachable', async () => {
  expect(await failureOf({ postgres: { port: 1 } })).toMatchObject({
    code: 'postgres-unreachable',
    message: expect.stringContaining('nobody listens there'),
  });
  expect(await failureOf({ postgres: { host: 'nowhere.invalid' } })).toMatchObject({
    code: 'postgres-unreachable',
  });
});

test('a database that does not exist is told by its name', async () => {
  expect(await failureOf({ postgres: { database: 'no such' } })).toMatchObject({
    code: 'postgres-database-missing',
    message: expect.stringContaining('no such'),
  });
});

test('a server that offers no encryption is refused where the plan requires it', async () => {
  expect(await failureOf({ postgres: { sslmode: 'require' } })).toMatchObject({
    code: 'postgres-unreachable',
    hint: expect.stringContaining('sslmode is require'),
  });
});

test.for([
  ['a table', 'create table "odd ""s".secrets (x int)', 'table odd "s.secrets'],
  ['a sequence', 'create sequence "odd ""s".numbers', 'sequence odd "s.numbers'],
  ['a large object', "select lo_from_bytea(4711, '\\x00')", 'large object 4711'],
])('%s that the role cannot read is named before anything is written', async ([, make, named]) => {
  const role = `reader_${database.name}`;
  await database.query(`create schema "odd ""s"; create role ${role} login password '${services.postgres.password}';
    grant select on orders to ${role}; grant usage on schema "odd ""s" to ${role}; ${make}`);
  try {
    expect(await failureOf({ postgres: { user: role } })).toMatchObject({
      code: 'postgres-permission',
      message: expect.stringContaining(named ?? ''),
    });
  } finally {
    await database.query(`drop owned by ${role}; drop role ${role}; drop schema "odd ""s" cascade;
      select lo_unlink(oid) from pg_largeobject_metadata`);
  }
});

test('row security that would hide rows is refused, even from the owner where it is forced', async () => {
  const role = `owner_${database.name}`;
  await database.query(`create role ${role} login password '${services.postgres.password}';
    alter table orders owner to ${role}; alter table orders enable row level security`);
  try {
    await dump({ postgres: { user: role } });
    await database.query('alter table orders force row level security');
    await rm(`${folder}/repository`, { recursive: true });
    expect(await failureOf({ postgres: { user: role } })).toMatchObject({
      code: 'postgres-permission',
      where: 'public.orders',
    });
  } finally {
    await database.query(`alter table orders owner to ${services.postgres.user};
      alter table orders disable row level security; drop owned by ${role}; drop role ${role}`);
  }
});

test('a pg_dump that is killed midway leaves nothing and is named', async () => {
  const clients = await fakePrograms(folder, {
    pg_dump: `${answerVersion(major)}
${await realProgram(major, 'pg_dump')} "$@" | head -c 1000000
kill -KILL $$`,
  });
  expect(await failureOf({ parameters: { 'client-folder': clients } })).toMatchObject({
    code: 'command-failed',
    message: expect.stringContaining('pg_dump'),
  });
});

test.for(['zstd', 'none'] as const)('a 0-byte dump is never an artifact (compress: %s)', async (compress) => {
  const clients = await fakePrograms(folder, { pg_dump: `${answerVersion(major)}\nexit 0` });
  expect(await failureOf({ parameters: { compress, 'client-folder': clients } })).toMatchObject({
    code: 'dump-unusable',
  });
});

test('a large table is a file of its own, also when the lines of parallel processes cannot be told apart', async () => {
  const real = await realProgram(major, 'pg_dump');
  const client = await fakePrograms(folder, {
    pg_dump: `${answerVersion(major)}
exec ${real} "$@" 2> >(sed -u 's/finished item/dumping contents of &/' >&2)`,
    pg_restore: `exec ${await realProgram(major, 'pg_restore')} "$@"`,
    pg_dumpall: 'exit 1',
  });
  const name = await dump({ parameters: { format: 'directory', jobs: 2, 'client-folder': client } });
  const stored = await filesBelow(`${folder}/repository`);
  expect(stored.filter((key) => /\.dump\.d\/\d+\.dat\.zst$/.test(key))).toHaveLength(1);
  expect(stored).toContain(`${name}.dump.d/rest.tar.zst`);
});

test('what is not a dump is never an artifact, however long it is', async () => {
  const clients = await fakePrograms(folder, {
    pg_dump: `${answerVersion(major)}\nhead -c 3000000 /dev/urandom`,
  });
  expect(await failureOf({ parameters: { 'client-folder': clients } })).toMatchObject({
    code: 'dump-unusable',
  });
});

test('an encrypted dump without a table of contents is never an artifact', async () => {
  const { recipient } = await newIdentity(folder);
  const clients = await fakePrograms(folder, {
    pg_dump: `${answerVersion(major)}\nprintf PGDMP; head -c 3000000 /dev/urandom`,
    pg_restore: `exec ${await realProgram(major, 'pg_restore')} "$@"`,
  });
  expect(await failureOf({ recipient, parameters: { 'client-folder': clients } })).toMatchObject({
    code: 'dump-unusable',
  });
});

test('a zstd that fails after it has written fails the dump', async () => {
  const path = await fakePrograms(folder, {
    zstd: `if [ "$1" = --version ]; then echo v1.5.4; exit 0; fi
/usr/bin/zstd -q -c | head -c 100000
exit 3`,
  });
  expect(await failureOf({ path })).toMatchObject({
    code: 'command-failed',
    message: expect.stringContaining('zstd'),
  });
});

test('a client older than the server is refused with the package to install', async () => {
  const clients = await fakePrograms(folder, { pg_dump: answerVersion(major - 1) });
  expect(await failureOf({ parameters: { 'client-folder': clients } })).toMatchObject({
    code: 'tool-missing',
    hint: expect.stringContaining(`postgresql-client-${major}`),
  });
});

test('roles that break off are not stored, and the dump is', async () => {
  const clients = await fakePrograms(folder, {
    pg_dump: `exec ${await realProgram(major, 'pg_dump')} "$@"`,
    pg_restore: `exec ${await realProgram(major, 'pg_restore')} "$@"`,
    pg_dumpall: 'echo "CREATE ROLE half;"',
  });
  const store = `${folder}/repository`;
  const { said } = await attempt(
    postgresDump,
    { globals: true, 'client-folder': clients },
    {
      environment: environmentFor(services, database.name, { store: { kind: 'folder', folder: store } }),
      repository: await openFolder(store),
      password: services.postgres.password,
    },
  );
  expect(said.warnings).toEqual([expect.stringContaining('pg_dumpall broke off')]);
  const keys = await filesBelow(store);
  expect(keys.filter((key) => key.includes('globals'))).toEqual([]);
  expect(keys.filter((key) => key.endsWith('.manifest.json'))).toHaveLength(1);
});

test.for<PostgresDumpParameters>([{}, { format: 'directory', jobs: 2 }])(
  'an abort while pg_dump waits for a lock ends its sessions on the server (%j)',
  async (parameters) => {
    const clients = await fakePrograms(folder, {
      pg_dump: `${answerVersion(major)}
touch ${folder}/started
until [ -e ${folder}/go ]; do sleep 0.05; done
exec ${await realProgram(major, 'pg_dump')} "$@"`,
    });
    const controller = new AbortController();
    const reason = new Failure('step-timeout', 'too late');
    const runId = `waiting-${Math.random().toString(16).slice(2)}`;
    const failing = failureOf({
      runId,
      parameters: { ...parameters, fingerprint: 'none', 'client-folder': clients },
      signal: controller.signal,
    });
    await expect.poll(() => existsSync(`${folder}/started`)).toBe(true);
    const blocker = database.query('lock table orders; select pg_sleep(600)').catch(() => 'ended');
    const holdsLock = `select l.pid from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where a.datname = current_database() and l.relation = 'orders'::regclass and l.granted and l.mode = 'AccessExclusiveLock'`;
    await expect.poll(() => database.query(holdsLock)).not.toHaveLength(0);
    await writeFile(`${folder}/go`, '');
    const waits = `select from pg_stat_activity where application_name = '${runId}' and wait_event_type = 'Lock'`;
    await expect.poll(() => database.query(waits)).not.toHaveLength(0);
    controller.abort(reason);
    // The check for sessions in failureOf fails long before the blocker would let go.
    expect(await failing).toBe(reason);
    await database.query(`select pg_terminate_backend(pid) from (${holdsLock}) holder`);
    expect(await blocker).toBe('ended');
  },
);

test('a backend whose client had to be killed outright is ended on the server', async () => {
  const clients = await fakePrograms(folder, {
    pg_dump: `${answerVersion(major)}
trap '' TERM
exec ${await realProgram(major, 'psql')} --no-psqlrc --command='select pg_sleep(600)'`,
  });
  const controller = new AbortController();
  const reason = new Failure('step-stalled', 'no byte moved');
  const runId = `deaf-${Math.random().toString(16).slice(2)}`;
  const parameters = { 'client-folder': clients };
  const failing = failureOf({ runId, parameters, signal: controller.signal });
  const sleeping = `select from pg_stat_activity where application_name = '${runId}' and wait_event = 'PgSleep'`;
  await expect.poll(() => database.query(sleeping)).not.toHaveLength(0);
  controller.abort(reason);
  expect(await failing).toBe(reason);
});

test('a session that an administrator ends fails the dump at once', async () => {
  const runId = `lost-${Math.random().toString(16).slice(2)}`;
  const clients = await fakePrograms(folder, {
    pg_dump: `${answerVersion(major)}\nprintf PGDMP; exec sleep 600`,
  });
  const failing = failureOf({ runId, parameters: { fingerprint: 'none', 'client-folder': clients } });
  await expect
    .poll(() =>
      database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and state = 'idle in transaction'",
        [runId],
      ),
    )
    .toHaveLength(1);
  expect(await failing).toMatchObject({ code: 'postgres-connection-lost' });
});
