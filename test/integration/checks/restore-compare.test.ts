import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import type { Environment, RepositorySettings } from '../../../src/language/environment/environment.ts';
import { Failure } from '../../../src/base/failure.ts';
import type { Repository } from '../../../src/store/repository.ts';
import type { PostgresDumpParameters } from '../../../src/language/generated/postgres-dump.types.ts';
import type { RestoreCompareParameters } from '../../../src/language/generated/restore-compare.types.ts';
import type { Restored } from '../../../src/task/contract.ts';
import type { CompareFacts } from '../../../src/language/facts.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import {
  copyDatabase,
  createDatabase,
  databaseNamed,
  dropDatabase,
  type TestDatabase,
} from '../../services/database.ts';
import { createFolderRepository, type TestRepository } from '../../services/repository.ts';
import { followGuide, libpqVariables } from '../dump/stock-tools.ts';
import { attempt, environmentFor, type Said } from '../task/attempt.ts';

const services = inject('services');
const everyKind = new URL('../../fixtures/every-kind.sql', import.meta.url);
let source: TestDatabase;
let store: TestRepository;
/** Artifacts of the source by what their manifests say of the rows. */
const artifacts: Record<string, string> = {};

beforeAll(async () => {
  source = await createDatabase(services);
  store = await createFolderRepository();
  await source.query(await readFile(everyKind, 'utf8'));
  for (const fingerprint of ['content', 'counts', 'none'] as const)
    artifacts[fingerprint] = await dump(source, { fingerprint });
});

afterAll(async () => {
  await store.remove();
  await dropDatabase(services, source);
});

function environmentOf(name: string, database: string): Environment {
  return { ...environmentFor(services, database, store.settings), name };
}

async function dump(database: TestDatabase, parameters: PostgresDumpParameters): Promise<string> {
  const { result } = await attempt(postgresDump, parameters, {
    environment: environmentOf('prod', database.name),
    repository: store.repository,
    password: services.postgres.password,
  });
  return result.outputs?.['artifact'] ?? '';
}

/** Restores an artifact with stock tools into a database that the caller drops. */
async function restoreByGuide(artifact: string): Promise<TestDatabase> {
  const name = `restored_${randomBytes(6).toString('hex')}`;
  const work = await mkdtemp(join(tmpdir(), 'run-plan-test-compare-'));
  const variables = { ...libpqVariables(services), DATABASE: name };
  await followGuide(join(folderOf(store.settings), `${artifact}.RESTORE.md`), work, variables);
  await rm(work, { recursive: true });
  return databaseNamed(services, name);
}

/** A copy of a database that goes with the test. */
async function copyOf(original: TestDatabase): Promise<TestDatabase> {
  const copy = await copyDatabase(services, original);
  onTestFinished(() => dropDatabase(services, copy));
  return copy;
}

function folderOf({ store: { ...kept } }: RepositorySettings): string {
  return kept.kind === 'folder' ? kept.folder : '';
}

interface Outcome {
  readonly compare: CompareFacts | undefined;
  readonly failure?: Failure;
  readonly said: Said;
}

interface Circumstances {
  readonly restored?: Pick<Restored, 'artifact' | 'partial'> | undefined;
  readonly parameters?: RestoreCompareParameters;
  readonly repository?: Repository;
}

async function compare(database: TestDatabase, circumstances: Circumstances = {}): Promise<Outcome> {
  const { parameters = {}, repository = store.repository, restored } = circumstances;
  const { repository: _, ...environment } = environmentOf('staging', database.name);
  if (environment.postgres === undefined) throw new Error('the test environment has a database');
  try {
    const { result, said } = await attempt(restoreCompare, parameters, {
      environment,
      repository: memoryRepository(),
      password: services.postgres.password,
      others: [{ environment: environmentOf('prod', source.name), repository }],
      ...(restored !== undefined && { restored: { postgres: environment.postgres, ...restored } }),
    });
    return { compare: result.facts?.['compare'] as CompareFacts, said };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { said } = error as Failure & { said: Said };
    return { compare: error.facts?.['compare'] as CompareFacts | undefined, failure: error, said };
  }
}

function restoredFrom(artifact: string | undefined, partial?: string): Circumstances {
  return {
    restored: {
      artifact: { name: artifact ?? '', environment: 'prod' },
      ...(partial !== undefined && { partial }),
    },
  };
}

describe('a database of every kind of object, restored with stock tools', () => {
  let restored: TestDatabase;

  beforeAll(async () => {
    restored = await restoreByGuide(artifacts['content'] ?? '');
  });

  afterAll(async () => {
    await dropDatabase(services, restored);
  });

  test.each(['content', 'counts'])('is as its manifest says (%s)', async (mode) => {
    const { compare: facts, failure, said } = await compare(restored, restoredFrom(artifacts[mode]));
    expect(failure).toBeUndefined();
    expect(facts).toMatchObject({ mode, artifact: artifacts[mode], differences: [] });
    expect(facts?.tables).toBeGreaterThan(10);
    expect(facts?.rows).toBeGreaterThan(500);
    expect(said.warnings).toEqual([]);
    expect(said.phases.at(-1)).toMatch(/^comparing .* \(\d+ of \d+ tables\)$/);
  });

  test('changed in a row, a table, a view and large objects, differs in the rows and the tables', async () => {
    const changed = await copyOf(restored);
    await changed.query(`
      update customers set name = 'somebody else' where id = 1;
      delete from bookings where id = 1;
      drop table empty;
      create table made_by_a_migration (x int);
      create table "odd "" schema"."dots.and ""quotes""" (x int);
      select lo_create(0)`);
    const { compare: facts, failure, said } = await compare(changed, restoredFrom(artifacts['content']));
    expect(failure).toMatchObject({ code: 'check-failed', exitCode: 21 });
    expect(failure?.hint).toContain('migrations');
    expect(facts?.differences.map(({ table }) => table)).toEqual([
      'public.bookings',
      'public.customers',
      'public.empty',
      'large objects',
    ]);
    expect(failure?.message).toContain('public.bookings: expected 50 rows, found 49 rows');
    expect(failure?.message).toContain(
      'public.customers: expected 500 rows as in the dump, found 500 rows of other content',
    );
    expect(failure?.message).toContain('public.empty: expected 0 rows, found no such table');
    expect(said.notes.join('\n')).toContain(
      'the manifest does not speak of odd " schema.dots.and "quotes", public.made_by_a_migration',
    );
    const counted = await compare(changed, restoredFrom(artifacts['counts']));
    expect(counted.compare?.differences.map(({ table }) => table)).not.toContain('public.customers');
    const lenient = await compare(changed, {
      ...restoredFrom(artifacts['content']),
      parameters: { ignore: ['public.customers', 'public.bookings', 'public.empty', 'public.custmers'] },
    });
    expect(lenient.compare?.differences.map(({ table }) => table)).toEqual(['large objects']);
    expect(lenient.said.warnings).toEqual(["no table bears the name in 'ignore': public.custmers"]);
  });

  test('without counts in the manifest, must have its tables, and it is said that rows were not counted', async () => {
    const changed = await copyOf(restored);
    await changed.query('delete from bookings');
    const { failure, compare: facts, said } = await compare(changed, restoredFrom(artifacts['none']));
    expect(failure).toBeUndefined();
    expect(facts).toMatchObject({ mode: 'none', differences: [], rows: 0 });
    expect(said.notes[0]).toContain('no counts');
  });
});

test('a stale materialized view, a partitioned table and an empty database are no differences', async () => {
  const database = await createDatabase(services);
  onTestFinished(() => dropDatabase(services, database));
  const empty = await dump(database, {});
  expect((await compare(database, restoredFrom(empty))).compare).toMatchObject({
    tables: 0,
    rows: 0,
    differences: [],
  });
  await database.query(`
    create table parts (n int) partition by range (n);
    create table "parts.1" partition of parts for values from (0) to (10);
    insert into parts values (1), (2);
    create unlogged table cache as select 1 as x;
    create materialized view totals as select count(*) as n, n as which from parts group by n;
    insert into parts values (3)`);
  const artifact = await dump(database, { fingerprint: 'content' });
  const restored = await restoreByGuide(artifact);
  onTestFinished(() => dropDatabase(services, restored));
  const { compare: facts, failure, said } = await compare(restored, restoredFrom(artifact));
  expect(failure).toBeUndefined();
  expect(facts).toMatchObject({ mode: 'content', tables: 3, rows: 7, differences: [] });
  expect(said.notes).toContain('public.totals has 3 rows where the dump had 2 rows: a restore fills it anew');
});

test('of a part, the tables that exist are compared, and there must be one', async () => {
  const database = await createDatabase(services);
  onTestFinished(() => dropDatabase(services, database));
  const part = restoredFrom(artifacts['counts'], 'tables public.empty');
  const nothing = await compare(database, part);
  expect(nothing.failure).toMatchObject({ code: 'check-failed' });
  await database.query('create table empty (x integer)');
  const { failure, compare: facts, said } = await compare(database, part);
  expect(failure).toBeUndefined();
  expect(facts).toMatchObject({ tables: 1, differences: [] });
  expect(said.notes[0]).toContain('only a part was restored (tables public.empty)');
});

test('more than ten differences are counted, and at most 200 are kept', async () => {
  const database = await createDatabase(services);
  onTestFinished(() => dropDatabase(services, database));
  await database.query(
    `do $$ begin for n in 1..250 loop execute format('create table t%s ()', n); end loop; end $$`,
  );
  const artifact = await dump(database, {});
  await database.query(
    `do $$ begin for n in 1..250 loop execute format('drop table t%s', n); end loop; end $$`,
  );
  const { failure, compare: facts } = await compare(database, restoredFrom(artifact));
  expect(facts?.differences).toHaveLength(200);
  expect(failure?.message).toMatch(/; and 240 more$/);
});

describe('what to compare with', () => {
  test('nothing restored and nothing named is told', async () => {
    const { failure } = await compare(source);
    expect(failure).toMatchObject({ code: 'environment-incomplete' });
    expect(failure?.hint).toContain('from: prod');
  });

  test('a file of another tool has no manifest, which is a failed check', async () => {
    const { failure } = await compare(source, { restored: {} });
    expect(failure).toMatchObject({ code: 'check-failed' });
    expect(failure?.message).toContain('nothing to compare with');
  });

  test('an artifact can be named by environment, time and name', async () => {
    const latest = await compare(source, { parameters: { from: 'prod' } });
    expect(latest.compare?.artifact).toBe(artifacts['none']);
    const named = await compare(source, {
      parameters: { from: 'prod', artifact: artifacts['content'] ?? '' },
      restored: {},
    });
    expect(named.compare).toMatchObject({ mode: 'content', artifact: artifacts['content'] });
    const missing = await compare(source, {
      parameters: { from: 'prod', artifact: 'pg_other_20250101T020000Z' },
    });
    expect(missing.failure).toMatchObject({ code: 'artifact-missing' });
  });
});
