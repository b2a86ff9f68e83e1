import { expect, inject, test } from 'vitest';
import { plainDump, whoMayDoWhat } from '../dump/stock-tools.ts';
import {
  askServer,
  databaseNamed,
  dumpInto,
  folderStore,
  newDatabase,
  newName,
  restore,
} from './restored.ts';

const services = inject('services');

/** Of everything that a database can hold and the dump knows nothing of. */
const former = `
  create schema old; create table old.t (x int); create table t (y text); create type mood as enum ('good');
  create function old.f() returns event_trigger language plpgsql as $$ begin end $$;
  create event trigger watching on ddl_command_end execute function old.f();
  create extension hstore; create publication everything for all tables;
  create subscription following connection 'host=127.0.0.1 port=1 dbname=none' publication p with (connect = false);
  create foreign data wrapper nothing; create server elsewhere foreign data wrapper nothing;
  create cast (mood as bytea) with inout; create collation old.c (locale = 'C');
  create text search configuration old.words (copy = simple);
  alter default privileges grant select on tables to public;
  select lo_create(4711);`;

test('replace leaves nothing of what was there, and says which slots stay at publishers', async () => {
  const source = await newDatabase('create table t (x int); insert into t values (1)');
  const store = await folderStore();
  await dumpInto(store, source);
  const target = newName();
  await askServer(`create database "${target}"`);
  await askServer(`alter database "${target}" set work_mem = '8MB'`);
  await askServer(`alter database "${target}" connection limit 7`);
  await databaseNamed(target).query(former);
  const { said } = await restore({ database: target, replace: true }, { store, of: source });
  expect(await plainDump(services, target)).toBe(await plainDump(services, source.name));
  expect(await whoMayDoWhat(services, target)).toBe(await whoMayDoWhat(services, source.name));
  const settings =
    'select from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where datname = $1';
  expect(await askServer(settings, [target])).toEqual([]);
  expect(said.warnings).toEqual([expect.stringContaining('following (slot following)')]);
});

test('in one transaction, of a part, and by a role that may not, what the dump does not know of stays', async () => {
  const source = await newDatabase('create table t (x int); insert into t values (1)');
  const store = await folderStore();
  await dumpInto(store, source);
  const role = `owner_${source.name}`;
  const target = newName();
  await askServer(`create role "${role}" login password '${services.postgres.password}'`);
  try {
    await askServer(`create database "${target}" owner "${role}"`);
    const at = { store, of: source };
    await databaseNamed(target).query(`alter schema public owner to "${role}"; create table extra ();
      create table t (y int); alter table t owner to "${role}"`);
    const { said } = await restore({ database: target, replace: true }, { ...at, postgres: { user: role } });
    expect(said.warnings).toContainEqual(
      expect.stringContaining('what is there and not in the dump stays there'),
    );
    const tables = `select relname as name from pg_class where relnamespace = 'public'::regnamespace order by 1`;
    expect(await databaseNamed(target).query(tables)).toEqual([{ name: 'extra' }, { name: 't' }]);
    for (const part of [{ 'single-transaction': true }, { only: { tables: ['t'] } }])
      await restore({ database: target, replace: true, ...part }, at);
    expect(await databaseNamed(target).query(tables)).toEqual([{ name: 'extra' }, { name: 't' }]);
  } finally {
    await askServer(`drop database if exists "${target}"`);
    await askServer(`drop role if exists "${role}"`);
  }
});
