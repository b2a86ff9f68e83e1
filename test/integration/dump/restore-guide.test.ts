import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { parseManifest } from '../../../src/artifact/manifest.ts';
import { manifestKey } from '../../../src/artifact/name.ts';
import { separateTableBytes } from '../../../src/artifact/store-directory-dump.ts';
import { openFolder } from '../../../src/store/folder.ts';
import type { PostgresDumpParameters } from '../../../src/language/generated/postgres-dump.types.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import { largeTable } from '../../fixtures/large-table.ts';
import { createDatabase, databaseNamed, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { filesBelow, temporaryFolder } from './folder.ts';
import { followGuide, libpqVariables, newIdentity, plainDump } from './stock-tools.ts';

const services = inject('services');
/** Objects of every kind, for each format. */
let everyKind: TestDatabase;
/** What a dump consists of, for the ways of storing it. */
let fewKinds: TestDatabase;
let originals: ReadonlyMap<TestDatabase, string>;

beforeAll(async () => {
  [everyKind, fewKinds] = await Promise.all([createDatabase(services), createDatabase(services)]);
  await everyKind.query(await readFile(new URL('../../fixtures/every-kind.sql', import.meta.url), 'utf8'));
  await everyKind.query(largeTable('photos'));
  await fewKinds.query(`${largeTable('photos')}
    create table orders (id serial primary key, note text);
    insert into orders (note) select md5(n::text) from generate_series(1, 1000) n;
    select lo_from_bytea(0, 'photo')`);
  originals = new Map([
    [everyKind, await plainDump(services, everyKind.name)],
    [fewKinds, await plainDump(services, fewKinds.name)],
  ]);
});

afterAll(async () => {
  for (const database of [everyKind, fewKinds]) await dropDatabase(services, database);
});

interface Case {
  readonly what: string;
  readonly of: () => TestDatabase;
  readonly parameters: PostgresDumpParameters;
  readonly encrypted?: boolean;
  readonly suffixes: readonly string[];
}

const cases: readonly Case[] = [
  { what: 'a custom dump', of: () => everyKind, parameters: {}, suffixes: ['.dump.zst', '.dump.zst.sha256'] },
  {
    what: 'a custom dump without compression, with roles',
    of: () => fewKinds,
    parameters: { compress: 'none', globals: true },
    suffixes: ['.dump', '.dump.sha256', '.globals.sql'],
  },
  {
    what: 'an encrypted custom dump, with roles',
    of: () => fewKinds,
    parameters: { globals: true, compress: { level: 1 } },
    encrypted: true,
    suffixes: ['.dump.zst.age', '.dump.zst.age.sha256', '.globals.sql.age'],
  },
  {
    what: 'a directory dump',
    of: () => everyKind,
    parameters: { format: 'directory', jobs: 3 },
    suffixes: [
      '.dump.d.sha256',
      '.dump.d/ID.dat.zst',
      '.dump.d/large-objects.dump.zst',
      '.dump.d/rest.tar.zst',
    ],
  },
  {
    what: 'an encrypted directory dump without compression',
    of: () => fewKinds,
    parameters: { format: 'directory', compress: 'none' },
    encrypted: true,
    suffixes: [
      '.dump.d.sha256',
      '.dump.d/ID.dat.age',
      '.dump.d/large-objects.dump.age',
      '.dump.d/rest.tar.age',
    ],
  },
];

test.for(cases)('$what restores by its RESTORE.md with stock tools, equal in every object', async (each) => {
  const database = each.of();
  const folder = await temporaryFolder('guide');
  const identity = each.encrypted === true ? await newIdentity(folder) : undefined;
  const store = join(folder, 'repository with spaces');
  const repository = await openFolder(store);
  const { result } = await attempt(postgresDump, each.parameters, {
    environment: environmentFor(services, database.name, {
      store: { kind: 'folder', folder: store },
      ...(identity !== undefined && { encrypt: { recipients: [identity.recipient] } }),
    }),
    repository,
    password: services.postgres.password,
  });
  const name = result.outputs?.['artifact'] ?? '';
  const stored = await filesBelow(store);
  expect(stored.map((key) => key.replace(name, '').replace(/\/\d+\.dat/, '/ID.dat'))).toEqual(
    [
      ...each.suffixes,
      `.privileges.sql${each.encrypted === true ? '.age' : ''}`,
      '.RESTORE.md',
      '.manifest.json',
    ].sort(),
  );

  const restored = `${database.name}_restored`;
  const work = join(folder, 'work');
  await mkdir(work);
  await followGuide(join(store, `${name}.RESTORE.md`), work, {
    ...libpqVariables(services),
    DATABASE: restored,
    PRIVILEGES: 'restore',
    ...(identity !== undefined && { IDENTITY: identity.file }),
  });
  try {
    expect(await plainDump(services, restored)).toBe(originals.get(database));
  } finally {
    await dropDatabase(services, { name: restored });
  }
});

/** Lines of these look like statements that the guide takes out of the text of privileges. */
const hostileNames = [
  String.raw`a
revoke \! touch pwned-1 from public;
b`,
  String.raw`a
set client_encoding to 'UTF8'; \! touch pwned-2
b`,
  `a
revoke usage on schema public from public; create role pwned; revoke usage on schema public from public;
b`,
  `a
revoke /* on table x from public;
b`,
  `a
revoke "open from public;
b`,
];

test('a guide that is followed without privileges lets nobody do more than the old database did', async () => {
  const database = await createDatabase(services);
  onTestFinished(() => dropDatabase(services, database));
  await database.query(`
    create schema "of all";
    create function open_to_all() returns int language sql as 'select 1';
    create function "of all"."for (few)"() returns int language sql as 'select 1';
    create procedure as_owner() language sql security definer as 'select 1';
    revoke execute on function "of all"."for (few)"() from public;
    create type "of all".kept as (a int);
    revoke usage on type "of all".kept from public;
    revoke connect on database ${database.name} from public;
    alter default privileges revoke execute on functions from public;
    create function granted_to_all() returns int language sql security definer as 'select 1';
    grant execute on function granted_to_all() to public;
    create table secrets (mine text); alter table secrets enable row level security;
    create view of_secrets as select * from secrets; grant select on of_secrets to public;
    ${hostileNames.map((name) => `create table ${pg.escapeIdentifier(name)} ()`).join(';')}`);
  const folder = await temporaryFolder('guide');
  const { result } = await attempt(
    postgresDump,
    {},
    {
      environment: environmentFor(services, database.name, { store: { kind: 'folder', folder } }),
      repository: await openFolder(folder),
      password: services.postgres.password,
    },
  );
  const work = join(folder, 'work');
  await mkdir(work);
  const restored = `${database.name}_restored`;
  await followGuide(join(folder, `${result.outputs?.['artifact'] ?? ''}.RESTORE.md`), work, {
    ...libpqVariables(services),
    DATABASE: restored,
  });
  const target = databaseNamed(services, restored);
  onTestFinished(() => dropDatabase(services, target));
  const rows = await target.query(`
    select has_function_privilege('public', 'open_to_all()', 'execute') as "open",
           has_function_privilege('public', '"of all"."for (few)"()', 'execute') as few,
           has_function_privilege('public', 'as_owner()', 'execute') as definer,
           has_function_privilege('public', 'granted_to_all()', 'execute') as granted,
           has_table_privilege('public', 'of_secrets', 'select') as view,
           has_type_privilege('public', '"of all".kept', 'usage') as type,
           has_database_privilege('public', current_database(), 'connect') as connect`);
  const closed = { few: false, definer: false, granted: false, view: false, type: false, connect: false };
  expect(rows).toEqual([{ open: true, ...closed }]);
  // Beside what the guide fetches and the script itself nothing was made.
  expect((await readdir(work)).filter((name) => name.startsWith('pwned'))).toEqual([]);
  const roles = "select from pg_roles where rolname = 'pwned'";
  expect(await target.query(roles)).toEqual([]);
});

test('the manifest says what was dumped', async () => {
  const folder = await temporaryFolder('manifest');
  const { result } = await attempt(
    postgresDump,
    { fingerprint: 'content' },
    {
      environment: environmentFor(services, everyKind.name, { store: { kind: 'folder', folder } }),
      repository: await openFolder(folder),
      password: services.postgres.password,
    },
  );
  const name = result.outputs?.['artifact'] ?? '';
  const parsed = await parseManifest(await readFile(join(folder, manifestKey(name)), 'utf8'), name);
  if (!parsed.ok) throw new Error(parsed.reason);
  const { manifest } = parsed;
  expect(manifest.database).toBe(everyKind.name);
  expect(manifest.server.major).toBe(services.postgres.major);
  expect(manifest.server.systemIdentifier).toMatch(/^\d+$/);
  expect(manifest.server.extensions.map((extension) => extension.name)).toEqual(
    expect.arrayContaining(['hstore', 'pg_trgm', 'uuid-ossp']),
  );
  expect(manifest.recoveryPoint.lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
  expect(manifest.fingerprint.largeObjects).toBe(4);
  const rows = new Map(
    manifest.fingerprint.tables.map((table) => [`${table.schema}.${table.name}`, table.rows]),
  );
  expect(rows.get('public.customers')).toBe(500);
  expect(rows.get('public.vehicles')).toBe(10);
  expect(rows.get('public.no_columns_with_rows')).toBe(3);
  expect(rows.get('public.totals')).toBe(3);
  expect(rows.has('public.never_filled')).toBe(false);
  expect(rows.has('public.events')).toBe(false);
  expect(rows.has('public.remote')).toBe(false);
  expect(rows.get('rare.line\nbreak')).toBe(7);
  expect(rows.get('rare.visits_eu')).toBe(629);
  expect(rows.get('rare.summed')).toBe(4);
  expect(rows.has('rare.scattered_far')).toBe(false);
  expect(manifest.dump.rawBytes).toBeGreaterThan(separateTableBytes);
  expect(manifest.files.find((file) => file.role === 'dump')?.sha256).toBe(result.outputs?.['sha256']);
});
