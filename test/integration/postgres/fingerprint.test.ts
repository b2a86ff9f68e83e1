import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { lockedTables, takeFingerprint, type Fingerprint } from '../../../src/postgres/fingerprint.ts';
import { lockTables, takeSnapshot } from '../../../src/postgres/snapshot.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { openSession } from './session.ts';

const services = inject('services');
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase(services);
  await database.query(`
    create table a (n int, t text); insert into a values (1, 'x'), (2, 'y'), (2, 'y');
    create table shuffled (n int, t text); insert into shuffled values (2, 'y'), (1, 'x'), (2, 'y');
    create table fewer (n int, t text); insert into fewer values (1, 'x'), (2, 'y');
    create table swapped (n int, t text); insert into swapped values (1, 'y'), (2, 'x'), (2, 'y');
    create table nulls (n int, t text); insert into nulls values (null, 'null'), (1, null);
    create table texts (n int, t text); insert into texts values (null, ''), (1, 'null');`);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

async function fingerprint(setup = ''): Promise<Fingerprint> {
  const session = await openSession(services, database.name);
  if (setup !== '') await session.query(setup);
  const snapshot = await takeSnapshot(session);
  return takeFingerprint(session, snapshot.tables, { mode: 'content', standby: false });
}

function hashes(taken: Fingerprint): Map<string, string | undefined> {
  return new Map(taken.tables.map((table) => [table.name, table.hash]));
}

test('the hash of a table knows every row and how often it is there, and not their order', async () => {
  const of = hashes(await fingerprint());
  expect(of.get('a')).toMatch(/^[0-9a-f]{32}$/);
  expect(of.get('shuffled')).toBe(of.get('a'));
  expect(of.get('fewer')).not.toBe(of.get('a'));
  expect(of.get('swapped')).not.toBe(of.get('a'));
  expect(of.get('nulls')).not.toBe(of.get('texts'));
});

test('settings of the role or the caller do not change it', async () => {
  await database.query(`create table times (t timestamptz, d double precision, b bytea, i interval);
    insert into times values ('2025-06-01 12:00Z', 0.1::float8 + 0.2, '\\xdead', '1 day 2 hours')`);
  const plain = await fingerprint();
  const odd = await fingerprint(
    `select set_config('TimeZone', 'Asia/Tokyo', false), set_config('DateStyle', 'German', false),
            set_config('bytea_output', 'escape', false), set_config('extra_float_digits', '-5', false),
            set_config('IntervalStyle', 'iso_8601', false)`,
  );
  expect(odd).toEqual(plain);
});

test('what others do after the snapshot is not seen, and a TRUNCATE waits until it is counted', async () => {
  const session = await openSession(services, database.name);
  const snapshot = await takeSnapshot(session);
  await lockTables(session, lockedTables(snapshot.tables, false));
  await database.query(`insert into a values (3, 'z')`);
  await expect(database.query(`set lock_timeout = 100; truncate a`)).rejects.toThrow('lock timeout');
  const taken = await takeFingerprint(session, snapshot.tables, { mode: 'counts', standby: false });
  expect(taken.tables.find((table) => table.name === 'a')).toMatchObject({ schema: 'public', rows: 3 });
});

test('pg_dump can join the snapshot, and its point in time is known', async () => {
  const session = await openSession(services, database.name);
  const snapshot = await takeSnapshot(session);
  const joining = await openSession(services, database.name);
  await joining.query('begin isolation level repeatable read');
  await joining.query(`set transaction snapshot '${snapshot.id}'`);
  expect(Math.abs(snapshot.time.getTime() - Date.now())).toBeLessThan(60_000);
  expect(snapshot.lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
});

test('a table whose index finds its function by the search path is counted', async () => {
  const other = await createDatabase(services);
  try {
    await other.query(`create schema helpers;
      set search_path to public, helpers;
      create function helpers.lowered(text) returns text immutable language sql as $$ select lower($1) $$;
      create function helpers.folded(text) returns text immutable language sql as $$ select lowered($1) $$;
      create table texts as select n, 'Text ' || n as t from generate_series(1, 10) as n;
      create index on texts (folded(t));
      create table other as select 1 as x`);
    const session = await openSession(services, other.name);
    const snapshot = await takeSnapshot(session);
    const taken = await takeFingerprint(session, snapshot.tables, { mode: 'content', standby: false });
    expect(taken.tables.map(({ name, rows, unknown }) => ({ name, rows, unknown }))).toEqual([
      { name: 'other', rows: 1, unknown: undefined },
      { name: 'texts', rows: 10, unknown: undefined },
    ]);
    await session.close();
  } finally {
    await dropDatabase(services, other);
  }
});

test('what cannot be counted is told with its reason, and the others are counted', async () => {
  const other = await createDatabase(services);
  try {
    await other.query(`
      create function fine(int) returns int immutable language sql as $$ select $1 $$;
      create table broken as select 1 as x; create index on broken (fine(x));
      create table whole as select generate_series(1, 3) as x;
      set check_function_bodies = off;
      create or replace function fine(int) returns int immutable language sql as $$ select gone($1) $$;`);
    const session = await openSession(services, other.name);
    const snapshot = await takeSnapshot(session);
    const taken = await takeFingerprint(session, snapshot.tables, { mode: 'counts', standby: false });
    expect(taken.tables).toEqual([
      expect.objectContaining({
        name: 'broken',
        unknown: expect.stringContaining('function gone(integer) does not exist') as string,
      }),
      expect.objectContaining({ name: 'whole', rows: 3 }),
    ]);
    await session.close();
  } finally {
    await dropDatabase(services, other);
  }
});

test('a database of thousands of tables is counted in few statements', async () => {
  const many = await createDatabase(services);
  try {
    await many.query(`do $$ begin for n in 1..1500 loop
      execute format('create table %I (x int)', 'table ' || n);
      if n % 500 = 0 then execute format('insert into %I values (1)', 'table ' || n); end if;
    end loop; end $$`);
    const session = await openSession(services, many.name);
    const snapshot = await takeSnapshot(session);
    const statements: string[] = [];
    const taken = await takeFingerprint(session, snapshot.tables, {
      mode: 'counts',
      standby: false,
      onTable: (name) => void statements.push(name),
    });
    expect(taken.tables).toHaveLength(1500);
    expect(taken.tables.reduce((sum, table) => sum + (table.rows ?? 0), 0)).toBe(3);
    expect(statements).toHaveLength(15);
    await session.close();
  } finally {
    await dropDatabase(services, many);
  }
});
