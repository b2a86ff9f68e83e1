import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { quoteIdentifier } from '../../../src/postgres/identifier.ts';
import { startLoadingCluster } from '../../../src/postgres/loading-cluster.ts';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { expectEqual, runSql, whoMayDoWhat } from '../dump/stock-tools.ts';
import {
  askServer,
  changeFile,
  changeManifest,
  databaseNamed,
  dumpInto,
  folderStore,
  newDatabase,
  newName,
  restore,
  type Store,
} from './restored.ts';
import type { TestDatabase } from '../../services/database.ts';
import { sha256Of } from '../../../src/artifact/checksums.ts';

const services = inject('services');
const password = 'of-an-attacker';

/** A role of one test's own. */
async function newRole(kind: 'login' | 'nologin' = 'nologin'): Promise<string> {
  const name = `Role ${kind} ${randomBytes(5).toString('hex')}`;
  onTestFinished(async () => {
    await askServer(`drop role if exists ${quoteIdentifier(name)}`);
  });
  await askServer(`create role ${quoteIdentifier(name)} ${kind} password '${password}'`);
  return name;
}

interface Guarded {
  readonly source: TestDatabase;
  readonly owner: string;
  readonly attacker: string;
}

/** A database in which nobody but its own may do what a superuser may. */
async function guardedDatabase(): Promise<Guarded> {
  const owner = await newRole();
  const attacker = await newRole('login');
  const app = quoteIdentifier(owner);
  const source = await newDatabase(`
    create schema app authorization ${app};
    create function app.run(statement text) returns void language plpgsql security definer as $$ begin execute statement; end $$;
    revoke all on function app.run(text) from public;
    create function app.report("Of What" text, variadic numeric(10,2)[]) returns int language sql security definer as 'select 1';
    alter function app.report(text, numeric[]) owner to ${app};
    create function app.open() returns int language sql as 'select 2';
    create procedure app.proc() language sql security definer as 'select 1';
    revoke all on procedure app.proc() from public;
    create type app.secret as enum ('a');
    revoke all on type app.secret from public;
    create table app.invoices (id int primary key, tenant text);
    insert into app.invoices values (1, 'one'), (2, 'two');
    alter table app.invoices enable row level security;
    create policy own on app.invoices using (tenant = current_user);
    grant select on app.invoices to ${app};
    create view app.all_invoices as select * from app.invoices;
    alter view app.all_invoices owner to ${app};
    create view app.again as select * from app.all_invoices;
    alter view app.again owner to ${app};
    grant usage on schema app to public;
    revoke all on schema public from public;`);
  await askServer(`revoke connect on database ${quoteIdentifier(source.name)} from public`);
  return { source, owner, attacker };
}

/** Rows of a statement, or what the server says against it. */
async function as(
  who: string | { readonly host: string; readonly port: number; readonly user: string },
  database: string,
  sql: string,
): Promise<unknown> {
  const { host, port } = services.postgres;
  const login = typeof who === 'string' ? { host, port, user: who } : who;
  const client = new pg.Client({ ...login, password, database });
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end();
  }
}

test.for(['custom', 'directory'] as const)(
  'after a restore without privileges nobody may do more than at the source: %s',
  async (format) => {
    const { source, attacker } = await guardedDatabase();
    const store = await folderStore();
    await dumpInto(store, source, { format });
    const target = newName();
    const { facts, said } = await restore({ database: target }, { store, of: source });
    expect(await as(attacker, target, 'select 1')).toMatch(/permission denied for database/);
    const who = quoteIdentifier(attacker);
    await databaseNamed(target).query(
      `grant connect on database ${quoteIdentifier(target)} to ${who}; grant usage on schema app to ${who}`,
    );
    for (const [sql, what] of [
      [`select app.run('alter role ${who} superuser')`, 'function run'],
      [`select app.report('x', 1)`, 'function report'],
      ['call app.proc()', 'procedure proc'],
      ['create temp table t (x app.secret)', 'type app.secret'],
      ['select * from app.all_invoices', 'view all_invoices'],
    ] as const)
      expect(await as(attacker, target, sql), what).toMatch(/permission denied/);
    expect(await as(attacker, target, 'select app.open() as x')).toEqual([{ x: 2 }]);
    const closed = facts.privileges?.closed.join('\n');
    for (const name of [
      'app.run(statement text)',
      'app.report("Of What" text, VARIADIC numeric[])',
      'app.proc()',
      'app.secret',
      'view app.all_invoices',
      'view app.again',
      `CONNECT on database ${target}`,
    ])
      expect(closed).toContain(name);
    expect(facts.privileges?.open).toEqual([]);
    expect(said.notes).toContainEqual(
      expect.stringContaining('closed, because the source had not allowed it'),
    );
  },
);

test('nor in a throw-away cluster', async () => {
  const { source, attacker } = await guardedDatabase();
  const store = await folderStore();
  const manifest = await dumpInto(store, source);
  const cluster = await startLoadingCluster(services.postgres.major, new AbortController().signal);
  onTestFinished(() => cluster.stop());
  const { host, port, user } = cluster.postgres;
  const there = { host, port, user };
  await as(there, 'postgres', `create role ${quoteIdentifier(attacker)} login`);
  await attempt(
    postgresRestore,
    { from: 'test', artifact: manifest.name, database: 'restored' },
    {
      environment: { name: 'scratch', protected: false, ephemeral: true },
      others: [
        { environment: environmentFor(services, source.name, store.settings), repository: store.repository },
      ],
      repository: store.repository,
      password: services.postgres.password,
      startCluster: () => Promise.resolve(cluster.postgres),
    },
  );
  const attack = `select app.run('alter role ${quoteIdentifier(attacker)} superuser')`;
  expect(await as({ ...there, user: attacker }, 'restored', attack)).toMatch(/for database/);
  await as(
    there,
    'restored',
    'grant connect on database restored to public; grant usage on schema app to public',
  );
  expect(await as({ ...there, user: attacker }, 'restored', attack)).toMatch(/for function run/);
});

test('what everybody may do at the source everybody may do in a plain restore, and nobody is told anything', async () => {
  const source = await newDatabase(
    'create function f() returns int language sql as $$ select 1 $$; create table t ()',
  );
  const store = await folderStore();
  await dumpInto(store, source);
  const target = newName();
  const { facts, said } = await restore({ database: target }, { store, of: source });
  expect(facts.privileges).toEqual({ mode: 'none', closed: [], open: [] });
  expect(said.warnings).toEqual([]);
  expect(await whoMayDoWhat(services, target)).toBe(await whoMayDoWhat(services, source.name));
});

test('owners, grants and settings are restored, for roles that are mapped or made', async () => {
  const gone = `Gone ${randomBytes(5).toString('hex')}`;
  const renamed = `${gone} of before`;
  onTestFinished(async () => {
    for (const name of [gone, renamed]) await askServer(`drop role if exists ${quoteIdentifier(name)}`);
  });
  await askServer(`create role ${quoteIdentifier(gone)} login`);
  const other = await newRole();
  const { source, owner, attacker } = await guardedDatabase();
  await source.query(`
    create table app.kept (x int); alter table app.kept owner to ${quoteIdentifier(gone)};
    grant select on app.kept to ${quoteIdentifier(attacker)} with grant option;
    set session authorization ${quoteIdentifier(attacker)};
    grant select on app.kept to ${quoteIdentifier(owner)};
    reset session authorization;
    comment on database ${quoteIdentifier(source.name)} is 'of mine';
    alter database ${quoteIdentifier(source.name)} set work_mem to '7MB';
    alter database ${quoteIdentifier(source.name)} owner to ${quoteIdentifier(gone)};
    alter default privileges for role ${quoteIdentifier(owner)} revoke execute on functions from public;`);
  const store = await folderStore();
  await dumpInto(store, source);
  const before = await whoMayDoWhat(services, source.name);
  await askServer(`alter role ${quoteIdentifier(gone)} rename to ${quoteIdentifier(renamed)}`);
  const target = newName();
  const { facts, said, restored } = await restore(
    { database: target, privileges: 'restore', 'owner-map': { [owner]: other } },
    { store, of: source },
  );
  expect(facts.privileges).toMatchObject({
    mode: 'restore',
    closed: [],
    open: [],
    rolesMade: [gone],
    rolesMapped: [`${owner} as ${other}`],
  });
  expect(said.notes).toContainEqual(expect.stringContaining(gone));
  expect(await askServer('select rolcanlogin from pg_roles where rolname = $1', [gone])).toEqual([
    { rolcanlogin: false },
  ]);
  expect((await whoMayDoWhat(services, target)).replaceAll(other, owner)).toBe(before);
  await expectEqual(services, target, source.name);

  const compare = (): ReturnType<typeof attempt> =>
    attempt(
      restoreCompare,
      {},
      {
        environment: environmentFor(services, target, store.settings),
        repository: store.repository,
        password: services.postgres.password,
        ...(restored !== undefined && { restored }),
      },
    );
  const same = await compare();
  expect(same.said.notes).toContainEqual(expect.stringContaining('rows, owners and privileges are as'));
  await databaseNamed(target).query(`
    grant insert on app.kept to public;
    alter view app.again owner to ${quoteIdentifier(services.postgres.user)};
    revoke execute on function app.open() from public;
    alter database ${quoteIdentifier(target)} reset work_mem`);
  await expect(compare()).rejects.toMatchObject({
    code: 'check-failed',
    facts: {
      compare: {
        privileges: true,
        differences: expect.arrayContaining([
          expect.objectContaining({ table: 'owner of table app.again' }),
          expect.objectContaining({ table: 'privileges of table app.kept', expected: 'nothing' }),
          expect.objectContaining({ table: 'privileges of function app.open()', expected: 'nothing' }),
          {
            table: 'owner, privileges and settings of the database',
            expected: expect.stringContaining(`set "work_mem" to '7MB'`) as string,
            found: 'nothing',
          },
        ]) as unknown,
      },
    },
  });
});

test('a statement that the server refuses is named with its cause, and the restore is incomplete', async () => {
  const { source } = await guardedDatabase();
  const store = await folderStore();
  await dumpInto(store, source);
  const loader = await newRole('login');
  await askServer(`alter role ${quoteIdentifier(loader)} createdb`);
  const target = newName();
  const attempted = restore(
    { database: target, privileges: 'restore' },
    { store, of: source, postgres: { user: loader }, password },
  );
  await expect(attempted).rejects.toMatchObject({
    code: 'restore-incomplete',
    message: expect.stringMatching(
      /OWNER SCHEMA app: .*must be (?:member|able to SET ROLE).*\n {2}statement: ALTER SCHEMA app OWNER TO/,
    ) as string,
  });
  // What was not given to its owner lets nobody act in the name of another.
  const rows = await databaseNamed(target).query(
    `select has_function_privilege('public', 'app.report(text, numeric[])', 'execute') as may`,
  );
  expect(rows).toEqual([{ may: false }]);
});

async function forge(store: Store, change: (text: string) => string): Promise<void> {
  const { manifest } = await only(store);
  const file = manifest.files.find(({ role }) => role === 'privileges');
  if (file === undefined) throw new Error('no privileges');
  let forged = Buffer.alloc(0);
  await changeFile(store, file.key, (bytes) => (forged = Buffer.from(change(bytes.toString()))));
  await changeManifest(store, manifest, (before) => ({
    ...before,
    files: before.files.map((each) =>
      each.role === 'privileges' ? { ...each, bytes: forged.length, sha256: sha256Of(forged) } : each,
    ),
  }));
}

const dumped = new Map<Store, Awaited<ReturnType<typeof dumpInto>>>();
async function only(store: Store): Promise<{ readonly manifest: Awaited<ReturnType<typeof dumpInto>> }> {
  const manifest = dumped.get(store);
  if (manifest === undefined) throw new Error('nothing dumped');
  return Promise.resolve({ manifest });
}

test.for([
  'alter role "ATTACKER" superuser',
  'grant pg_execute_server_program to "ATTACKER"',
  'alter database postgres owner to "ATTACKER"',
  '\\! touch pwned',
])('a forged text is refused with its place before anything is written: %s', async (statement) => {
  const { source, attacker } = await guardedDatabase();
  const store = await folderStore();
  dumped.set(store, await dumpInto(store, source));
  const forged = statement.replace('ATTACKER', attacker);
  await forge(store, (text) => `${text}\n${forged};\n`);
  const target = newName();
  const { manifest } = await only(store);
  await expect(
    restore({ database: target, privileges: 'restore' }, { store, of: source }),
  ).rejects.toMatchObject({
    code: 'dump-unusable',
    where: expect.stringMatching(new RegExp(`^${manifest.name}\\.privileges\\.sql:\\d+$`)) as string,
  });
  expect(await askServer('select 1 from pg_database where datname = $1', [target])).toEqual([]);
  // Without them it is a dump that says nothing of its privileges.
  const { facts, said } = await restore({ database: target }, { store, of: source });
  expect(said.warnings).toContainEqual(expect.stringContaining('are not known'));
  expect(await as(attacker, target, `select app.run('x')`)).toMatch(/permission denied/);
  expect(facts.privileges?.closed).toContainEqual(expect.stringContaining('app.run'));
});

test('a report gives nothing and says what would be given, in a file that psql runs', async () => {
  const { source, owner } = await guardedDatabase();
  const store = await folderStore();
  await dumpInto(store, source);
  const target = newName();
  const kept = await temporaryFolder('kept');
  const { facts } = await restore(
    { database: target, privileges: 'report', 'owner-map': { [owner]: services.postgres.user } },
    { store, of: source, kept },
  );
  expect(facts.privileges).toMatchObject({
    mode: 'report',
    rolesMapped: [`${owner} as ${services.postgres.user}`],
    wouldRun: { owner: expect.any(Number) as number, grant: expect.any(Number) as number },
  });
  expect(facts.privileges?.closed).not.toEqual([]);
  const rows = await databaseNamed(target).query(
    `select nspowner::regrole::text as owner from pg_namespace where nspname = 'app'`,
  );
  expect(rows).toEqual([{ owner: services.postgres.user }]);
  expect(await runSql(services, target, join(kept, 'privileges.sql'))).toBe('');
});
