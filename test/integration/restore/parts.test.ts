import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { largeTable } from '../../fixtures/large-table.ts';
import { copyDatabase, createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { plainDump } from '../dump/stock-tools.ts';
import {
  askServer,
  databaseNamed,
  dumpInto,
  dumpsOf,
  folderStore,
  newDatabase,
  newName,
  restore,
} from './restored.ts';

const services = inject('services');
let database: TestDatabase;
const dumped = dumpsOf(() => database);
let original: string;

beforeAll(async () => {
  database = await createDatabase(services);
  await database.query(`
    create schema "Büro 1"; create schema billing;
    create table customers (id serial primary key, name text);
    insert into customers (name) select md5(n::text) from generate_series(1, 1000) n;
    create table "Büro 1"."odd "" name" (id int primary key, x text);
    insert into "Büro 1"."odd "" name" select n, 'x' from generate_series(1, 10) n;
    create table billing.invoices (id int primary key, customer int references customers);
    insert into billing.invoices select n, n from generate_series(1, 100) n;
    create index on billing.invoices (customer);
    ${largeTable('billing.photos')}
    create materialized view billing.totals as select count(*) from billing.invoices;`);
  original = await plainDump(services, database.name);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

const ways = [
  { what: 'custom', dump: {}, jobs: 2 },
  { what: 'directory', dump: { format: 'directory', jobs: 2 }, jobs: 2 },
  { what: 'directory, one process', dump: { format: 'directory', jobs: 2 }, jobs: 1 },
] as const;

async function tablesOf(name: string): Promise<readonly string[]> {
  const rows = await databaseNamed(name).query<{ name: string }>(
    `select schemaname || '.' || relname || ' ' || (xpath('/row/c/text()', query_to_xml(
              format('select count(*) as c from %I.%I', schemaname, relname), false, true, '')))[1]::text as name
       from pg_stat_user_tables where relid in (select oid from pg_class where relkind = 'r') order by 1`,
  );
  return rows.map((row) => row.name);
}

test.for(ways)('schemas alone, which are made: $what', async ({ dump, jobs }) => {
  const name = newName();
  const { facts, said } = await restore(
    { database: name, jobs, only: { schemas: ['Büro 1'] } },
    { ...(await dumped(dump)), of: database },
  );
  expect(await tablesOf(name)).toEqual(['Büro 1.odd " name 10']);
  expect(facts.harmless).toEqual([]);
  expect(said.phases).toContain('loading rows: 1 of 1 tables');
});

test.for(ways)('tables alone, whatever their schema and name: $what', async ({ dump, jobs }) => {
  const name = newName();
  await restore(
    { database: name, jobs, only: { tables: ['odd " name', 'photos'] } },
    { ...(await dumped(dump)), of: database },
  );
  expect(await tablesOf(name)).toEqual(['Büro 1.odd " name 10', 'billing.photos 1']);
});

test.for(ways)('definitions without rows, then rows without definitions: $what', async ({ dump, jobs }) => {
  const name = newName();
  const { store } = await dumped(dump);
  await restore({ database: name, jobs, 'schema-only': true }, { store, of: database });
  expect((await tablesOf(name)).every((table) => table.endsWith(' 0'))).toBe(true);
  // Rows go in in the dump's order, whatever refers to what.
  await databaseNamed(name).query('alter table billing.invoices drop constraint invoices_customer_fkey');
  await restore({ database: name, jobs, 'data-only': true }, { store, of: database });
  expect(await tablesOf(name)).toEqual(await tablesOf(database.name));
  const [row] = await databaseNamed(name).query<{ id: number }>(
    'insert into customers default values returning id',
  );
  expect(row?.id).toBe(1001);
});

test.for(ways)('what is there is replaced when that is said: $what', async ({ dump, jobs }) => {
  const name = newName();
  const { store } = await dumped(dump);
  await copyDatabase(services, database, name);
  await databaseNamed(name).query(`delete from billing.invoices; create table extra (x int)`);
  const again = { store, of: database };
  await expect(restore({ database: name, jobs }, again)).rejects.toMatchObject({
    code: 'target-refused',
    message: expect.stringContaining('holds tables (') as string,
  });
  expect(await tablesOf(name)).toContain('billing.invoices 0');
  const { facts } = await restore({ database: name, jobs, replace: true }, again);
  expect(await plainDump(services, name)).toBe(original);
  expect(facts.remarks).toEqual([]);
});

test('roles of the artifact are made, and those that exist stay', async () => {
  const store = await folderStore();
  const role = `role_${database.name}`;
  const staying = `staying_${database.name}\nof two lines`;
  const source = await newDatabase('create table t (x int)');
  await askServer(`create role "${role}" nologin`);
  await askServer(`create role "${staying}" nologin`);
  try {
    await dumpInto(store, source, { globals: true });
    await askServer(`drop role "${role}"`);
    const { said } = await restore({ database: newName(), roles: true }, { store, of: source });
    expect(await askServer('select from pg_roles where rolname = $1', [role])).toHaveLength(1);
    expect(said.notes).toContainEqual(expect.stringMatching(/^roles: [1-9]\d* were there already$/));
  } finally {
    await askServer(`drop role if exists "${role}"`);
    await askServer(`drop role if exists "${staying}"`);
  }
});

test('roles that the artifact does not hold are missed before anything is loaded', async () => {
  const { store } = await dumped();
  await expect(restore({ database: newName(), roles: true }, { store, of: database })).rejects.toMatchObject({
    code: 'artifact-missing',
  });
});
