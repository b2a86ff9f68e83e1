import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, afterAll, describe, expect, inject, test } from 'vitest';
import type { PostgresDumpParameters } from '../../../src/language/generated/postgres-dump.types.ts';
import type { Restored } from '../../../src/task/contract.ts';
import artifactVerify from '../../../tasks/artifact-verify.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { kinds, make } from '../gallery/gallery.ts';
import {
  databaseNamed,
  dumpInto,
  folderStore,
  manifestOf,
  newName,
  restore,
  type Store,
} from '../restore/restored.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { temporaryFolder } from './folder.ts';
import { followGuide, libpqVariables } from './stock-tools.ts';

const services = inject('services');
let source: TestDatabase;

beforeAll(async () => {
  source = await createDatabase(services);
  await source.query(`
    create schema audit; create schema "Sales Dept"; create schema extensions;
    create extension pg_trgm schema extensions;
    create table public.customers (id int primary key, name text);
    insert into customers select n, 'c' || n from generate_series(1, 5) n;
    create index on customers using gin (name extensions.gin_trgm_ops);
    create table audit.log (id serial primary key, t text);
    insert into audit.log (t) select n::text from generate_series(1, 7) n;
    create table audit.events (at date) partition by range (at);
    create table public.events_2024 partition of audit.events for values from ('2024-01-01') to ('2025-01-01');
    insert into audit.events values ('2024-02-03');
    create table public."Log.Old" as select generate_series(1, 4) as x;
    create table public.log_old as select generate_series(1, 3) as x;
    create table "Sales Dept".orders (id int primary key, customer int references public.customers);
    insert into "Sales Dept".orders values (1, 2);
    create table public.notes (log int references audit.log);
    insert into notes values (3);
    select lo_from_bytea(0, 'abc');`);
});

afterAll(() => dropDatabase(services, source));

function optionsOf(store: Store) {
  return {
    environment: environmentFor(services, source.name, store.settings),
    repository: store.repository,
    password: services.postgres.password,
  };
}

/** Rows of every table, by name. */
async function rowsOf(database: TestDatabase): Promise<Readonly<Record<string, number>>> {
  const tables = await database.query<{ name: string; words: string }>(
    `select n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as words
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1`,
  );
  const rows: Record<string, number> = {};
  for (const { name, words } of tables) {
    const [row] = await database.query<{ rows: string }>(`select count(*)::text as rows from ${words}`);
    rows[name] = Number(row?.rows);
  }
  return rows;
}

/** Dumps, verifies, restores, and compares; gives what came of it. */
async function throughAll(parameters: PostgresDumpParameters, accept: string[] = []) {
  const store = await folderStore();
  const manifest = await dumpInto(store, source, { fingerprint: 'content', ...parameters });
  await attempt(artifactVerify, {}, { ...optionsOf(store), runId: manifest.runId });
  const target = newName();
  const { facts, said } = await restore(
    { artifact: manifest.name, database: target, ...(accept.length > 0 && { accept }) },
    { store, of: source },
  );
  const restored: Restored = {
    postgres: { ...optionsOf(store).environment.postgres, database: target } as Restored['postgres'],
    artifact: { name: manifest.name, environment: 'test' },
    ...(facts.incomplete !== undefined && { incomplete: facts.incomplete.map(({ object }) => object) }),
  };
  const compared = await attempt(
    restoreCompare,
    {},
    { ...optionsOf(store), environment: environmentFor(services, target, store.settings), restored },
  );
  return {
    manifest,
    store,
    facts,
    warnings: said.warnings,
    notes: compared.said.notes,
    database: databaseNamed(target),
    rows: await rowsOf(databaseNamed(target)),
  };
}

const formats = ['custom', 'directory'] as const;

describe.for(formats)('%s', (format) => {
  test('excluded rows: the tables are there and empty, partitions too, and all else is whole', async () => {
    const { manifest, rows, notes, facts, warnings } = await throughAll(
      { format, exclude: { data: ['audit.*', 'public."Log.Old"'] } },
      ['public.notes'],
    );
    expect(rows).toEqual({
      'Sales Dept.orders': 1,
      'audit.log': 0,
      'public.Log.Old': 0,
      'public.customers': 5,
      'public.events_2024': 0,
      'public.log_old': 3,
      'public.notes': 1,
    });
    expect(manifest.partial).toEqual({
      excludedData: ['audit.*', 'public."Log.Old"'],
      relations: 0,
      withoutRows: 3,
    });
    expect(manifest.fingerprint.tables).toContainEqual(
      expect.objectContaining({
        schema: 'audit',
        name: 'log',
        rows: 0,
        hash: '0'.repeat(32),
        excluded: true,
      }),
    );
    expect(facts.artifactPartial).toBe('without the rows of audit.*, public."Log.Old" (3 tables)');
    expect(facts.incomplete?.map(({ object }) => object)).toEqual([
      expect.stringContaining('FK CONSTRAINT public notes notes_log_fkey') as string,
    ]);
    expect(warnings.join()).toContain('is partial: without the rows of audit.*');
    expect(notes.join()).toContain(
      'in the artifact without rows, which were not compared: audit.log, public.Log.Old',
    );
  });

  test('excluded tables are not there, and comparison says so', async () => {
    const { manifest, rows, notes } = await throughAll(
      { format, exclude: { tables: ['*.?og*', 'audit.events'] } },
      ['public.notes'],
    );
    expect(rows).toEqual({ 'Sales Dept.orders': 1, 'public.customers': 5, 'public.notes': 1 });
    expect(manifest.partial).toMatchObject({ relations: 5, withoutRows: 0 });
    expect(manifest.fingerprint.largeObjects).toBe(1);
    expect(notes.join()).toContain(
      'not in the artifact, and not compared: audit.events, audit.log, public.Log.Old, public.events_2024, public.log_old',
    );
  });

  test('only schemas: with the extensions they may need, without large objects', async () => {
    const { manifest, rows } = await throughAll({ format, only: { schemas: ['Sales*', 'public'] } }, [
      'public.notes',
      'public.events_2024',
    ]);
    expect(rows).toEqual({
      'Sales Dept.orders': 1,
      'public.Log.Old': 4,
      'public.customers': 5,
      'public.events_2024': 1,
      'public.log_old': 3,
      'public.notes': 1,
    });
    expect(manifest.partial).toMatchObject({ largeObjects: true, schemas: ['extensions'] });
    expect(manifest.fingerprint).not.toHaveProperty('largeObjects');
  });

  test('only tables: their schemas are made', async () => {
    const { rows, manifest } = await throughAll({
      format,
      only: { tables: ['Sales Dept.orders', 'public.customers', 'audit.events'] },
    });
    expect(rows).toEqual({ 'Sales Dept.orders': 1, 'public.customers': 5, 'public.events_2024': 1 });
    expect(manifest.partial?.schemas).toEqual(
      expect.arrayContaining(['extensions', 'Sales Dept', 'audit']) as string[],
    );
  });
});

test('a restore without the words of acceptance names what rows are missing for', async () => {
  const store = await folderStore();
  const { name } = await dumpInto(store, source, { exclude: { data: ['audit.log'] } });
  const target = newName();
  await expect(restore({ artifact: name, database: target }, { store, of: source })).rejects.toMatchObject({
    code: 'restore-incomplete',
    message: expect.stringMatching(
      /the artifact is partial: without the rows of audit\.log \(1 table\)\nFK CONSTRAINT public notes/,
    ) as string,
    hint: expect.stringContaining('accept') as string,
  });
  expect(await rowsOf(databaseNamed(target))).toMatchObject({ 'public.notes': 1, 'audit.log': 0 });
});

test('latest takes the whole artifact and names the newer partial one', async () => {
  const store = await folderStore();
  const whole = await dumpInto(store, source);
  await dumpInto(store, source, { exclude: { data: ['audit.*'] } });
  const { facts, said } = await restore({ database: newName() }, { store, of: source });
  expect(facts.artifact).toBe(whole.name);
  expect(facts).not.toHaveProperty('artifactPartial');
  expect(said.notes.join()).toContain('and passed over:');
});

test('a pattern of exclude that nothing bears is warned of, and the artifact is whole', async () => {
  const store = await folderStore();
  const { result, said } = await attempt(
    postgresDump,
    { exclude: { data: ['Audit.*'], tables: ['public.gone_*'] } },
    optionsOf(store),
  );
  expect(said.warnings).toEqual([
    `nothing in ${source.name} bears the name public.gone_*, which 'exclude' says`,
    `nothing in ${source.name} bears the name Audit.*, which 'exclude' says`,
  ]);
  expect(result.facts).not.toHaveProperty('partial');
});

test('a pattern of only that nothing bears fails the step, and nothing is stored', async () => {
  const store = await folderStore();
  const dumping = attempt(postgresDump, { only: { schemas: ['public', 'Billing'] } }, optionsOf(store));
  await expect(dumping).rejects.toMatchObject({
    code: 'dump-unusable',
    message: `${source.name} has nothing of the name Billing`,
  });
  const keys: string[] = [];
  for await (const { key } of store.repository.list('')) keys.push(key);
  expect(keys).toEqual([]);
});

test('rows that stay out and are referred to are warned of when they are dumped', async () => {
  const store = await folderStore();
  const { said } = await attempt(postgresDump, { exclude: { data: ['audit.log'] } }, optionsOf(store));
  expect(said.warnings[0]).toContain('public.notes (notes_log_fkey -> audit.log)');
  expect(said.warnings.at(-1)).toMatch(/^pg_\S+ is partial, counts for no RPO/);
});

test('a table that the role may not read can be left out', async () => {
  const store = await folderStore();
  const role = `reader_${source.name}`;
  await source.query(`create role "${role}" login password 'x';
    grant usage on schema public to "${role}"; grant select on public.customers, public.log_old to "${role}";`);
  try {
    const environment = environmentFor(services, source.name, store.settings, { user: role });
    const options = { ...optionsOf(store), environment, password: 'x' };
    await expect(attempt(postgresDump, {}, options)).rejects.toMatchObject({ code: 'postgres-permission' });
    const { result } = await attempt(
      postgresDump,
      { only: { tables: ['public.customers', 'public.log_old'] } },
      options,
    );
    expect(result.facts?.['rows']).toBe(8);
  } finally {
    await source.query(`drop owned by "${role}"; drop role "${role}"`);
  }
});

test('row security that hides rows which stay out is no hindrance', async () => {
  const store = await folderStore();
  const role = `guarded_${source.name}`;
  await source.query(`create role "${role}" login password 'x'; grant pg_read_all_data to "${role}";
    alter table audit.log enable row level security;`);
  try {
    const environment = environmentFor(services, source.name, store.settings, { user: role });
    const options = { ...optionsOf(store), environment, password: 'x' };
    const only = { tables: ['audit.log', 'public.notes'] };
    await expect(attempt(postgresDump, { only }, options)).rejects.toMatchObject({
      code: 'postgres-permission',
    });
    const { result } = await attempt(postgresDump, { only, exclude: { data: ['audit.log'] } }, options);
    expect(result.facts?.['rows']).toBe(1);
  } finally {
    await source.query(
      `alter table audit.log disable row level security; drop owned by "${role}"; drop role "${role}"`,
    );
  }
});

test('names that are no ASCII are what they are, whatever the encoding of the database', async () => {
  const kind = kinds().find(({ name }) => name === 'names-in-latin1');
  if (kind === undefined) throw new Error('the gallery has no names in LATIN1');
  const database = await make(services, kind);
  const store = await folderStore();
  const options = {
    ...optionsOf(store),
    environment: environmentFor(services, database.name, store.settings),
  };
  const { result, said } = await attempt(postgresDump, { exclude: { data: ['Maß?.größe*'] } }, options);
  expect(said.warnings).toEqual([expect.stringContaining('is partial')]);
  const manifest = await manifestOf(store.repository, result.outputs?.['artifact'] ?? '');
  await attempt(artifactVerify, {}, { ...options, runId: manifest.runId });
  const target = newName();
  await restore({ artifact: manifest.name, database: target }, { store, of: database });
  expect(await databaseNamed(target).query('select count(*)::int as rows from "Maße"."größe"')).toEqual([
    { rows: 0 },
  ]);
});

test('RESTORE.md says that it is partial, and its commands restore what is in it', async () => {
  const store = await folderStore();
  const { name } = await dumpInto(store, source, { only: { tables: ['Sales Dept.*'] } });
  const guide = join(store.folder, `${name}.RESTORE.md`);
  expect(await readFile(guide, 'utf8')).toContain(
    String.raw`It holds a part of the database: only tables Sales Dept.\*; without large objects.`,
  );
  const work = join(await temporaryFolder('partial'), 'work');
  await mkdir(work);
  const restored = newName();
  await followGuide(guide, work, { ...libpqVariables(services), DATABASE: restored });
  expect(await rowsOf(databaseNamed(restored))).toEqual({ 'Sales Dept.orders': 1 });
});
