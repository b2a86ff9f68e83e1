import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import type { SqlCheckParameters } from '../../../src/language/generated/sql-check.types.ts';
import type { CheckFact } from '../../../src/language/facts.ts';
import sqlCheck from '../../../tasks/sql-check.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { attempt, environmentFor, type AttemptOptions, type Said } from '../task/attempt.ts';

const services = inject('services');
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase(services);
  await database.query(`
    create table orders (id bigint, status text, total numeric(30, 10));
    insert into orders values (9007199254740993, 'paid', 12.5), (2, 'open', null);
    create function slip() returns int language plpgsql as 'begin insert into orders values (3); return 1; end';`);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

interface Outcome {
  readonly checks: readonly CheckFact[];
  readonly failure?: Failure;
  readonly said: Said;
}

async function run(parameters: SqlCheckParameters, more: Partial<AttemptOptions> = {}): Promise<Outcome> {
  const environment = environmentFor(services, database.name, { store: { kind: 'folder', folder: '/none' } });
  const options = { environment, repository: memoryRepository(), password: services.postgres.password };
  try {
    const { result, said } = await attempt(sqlCheck, parameters, { ...options, ...more });
    return { checks: result.facts?.['checks'] as CheckFact[], said };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { said } = error as Failure & { said: Said };
    return { checks: (error.facts?.['checks'] ?? []) as CheckFact[], failure: error, said };
  }
}

/** One check's fact, whether it passed or not. */
async function check(sql: string, more: Omit<SqlCheckParameters['checks'][number], 'name' | 'sql'> = {}) {
  const { checks } = await run({ checks: [{ name: 'it', sql, ...more }] });
  return checks[0];
}

test('checks that pass leave what was wanted and found, and say where they are', async () => {
  const { checks, said, failure } = await run({
    checks: [
      { name: 'no order without a status', sql: 'select count(*) = 0 from orders where status is null;' },
      { name: 'orders', sql: 'select count(*) from orders -- all of them', expect: 2 },
    ],
  });
  expect(failure).toBeUndefined();
  expect(checks).toEqual([
    { name: 'no order without a status', state: 'passed', expected: 'true', found: 'true', durationMs: expect.any(Number) },
    { name: 'orders', state: 'passed', expected: '2', found: '2', durationMs: expect.any(Number) },
  ]); // prettier-ignore
  expect(said.phases.slice(-2)).toEqual(['1 of 2: no order without a status', '2 of 2: orders']);
});

test('all checks run after one failed or had an error, and the failure names every failed one', async () => {
  const { checks, failure } = await run({
    checks: [
      { name: 'syntax', sql: 'selec 1' },
      { name: 'missing table', sql: 'select count(*) = 0 from no_such_table' },
      { name: 'count', sql: 'select count(*) from orders', expect: 3 },
      { name: 'fine', sql: 'select true' },
    ],
  });
  expect(checks.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed', 'passed']);
  expect(failure).toMatchObject({ code: 'check-failed', exitCode: 21 });
  expect(failure?.message).toContain(`3 of 4 checks of the database ${database.name} failed`);
  expect(failure?.message).toContain(
    'syntax: expected true, found an error (syntax error at or near "selec")',
  );
  expect(failure?.message).toContain('relation "no_such_table" does not exist');
  expect(failure?.message).toContain('count: expected 3, found 2');
  expect(failure?.message).not.toContain('fine');
});

test('numbers are compared exactly, also beyond those of JavaScript', async () => {
  const sql = `select id from orders where status = 'paid'`;
  expect(await check(sql, { expect: '9007199254740993' })).toMatchObject({ state: 'passed' });
  expect(await check(sql, { expect: '9007199254740992' })).toMatchObject({ state: 'failed' });
  expect(await check(sql, { expect: { min: '9007199254740994' } })).toMatchObject({ state: 'failed' });
  expect(await check(`select sum(total) from orders`, { expect: 12.5 })).toMatchObject({
    state: 'passed',
    found: '12.5000000000',
  });
  expect(await check(`select total from orders where id = 2`, { expect: null })).toMatchObject({
    state: 'passed',
  });
});

test.each([
  ['select id from orders where false', 'no row'],
  ['select id from orders', 'several rows'],
  ['select 1, 2', '2 columns'],
  ['select generate_series(1, 1000000000)', 'several rows'],
])('%s is no answer', async (sql, found) => {
  expect(await check(sql, { expect: 1 })).toMatchObject({ state: 'failed', found });
});

describe('what is not a question', () => {
  test.each([
    'select slip() = 1',
    'insert into orders values (3) returning true',
    'with x as (insert into orders values (3) returning true) select * from x',
    'select true; commit; insert into orders values (3)',
    'commit',
  ])('%s changes nothing and fails', async (sql) => {
    expect(await check(sql)).toMatchObject({ state: 'failed', found: 'an error' });
    expect(await database.query('select count(*)::int as n from orders')).toEqual([{ n: 2 }]);
  });
});

test('a statement that takes too long is a failed check, and the next one runs', async () => {
  const { checks } = await run({
    timeout: '1s',
    checks: [
      { name: 'slow', sql: 'select pg_sleep(60) is null' },
      { name: 'next', sql: 'select true' },
    ],
  });
  expect(checks).toMatchObject([
    { state: 'failed', message: 'it did not end within 1s' },
    { state: 'passed' },
  ]);
});

test('a connection that is lost fails the step, with the checks that were made before', async () => {
  const { checks, failure } = await run({
    checks: [
      { name: 'first', sql: 'select true' },
      { name: 'second', sql: 'select pg_terminate_backend(pg_backend_pid())' },
      { name: 'third', sql: 'select true' },
    ],
  });
  expect(failure).toMatchObject({ code: 'postgres-connection-lost', exitCode: 20 });
  expect(checks).toMatchObject([{ name: 'first', state: 'passed' }]);
});

test('its session bears the name of the run, and is gone from the server when the step is cancelled', async () => {
  const runId = `test-${Math.random().toString(16).slice(2)}`;
  const sessions = () =>
    database.query<{ pid: number }>('select pid from pg_stat_activity where application_name = $1', [runId]);
  const cancel = new AbortController();
  const reason = new Failure('interrupted', 'the run was ended by SIGINT');
  const running = run(
    { checks: [{ name: 'slow', sql: 'select pg_sleep(600) is null' }] },
    { runId, signal: cancel.signal },
  );
  await expect.poll(sessions).toHaveLength(1);
  cancel.abort(reason);
  expect((await running).failure).toBe(reason);
  await expect.poll(sessions).toHaveLength(0);
});

test('an environment without a database is told so', async () => {
  const environment = { name: 'scratch', protected: false, ephemeral: true } as const;
  const { failure } = await run({ checks: [{ name: 'x', sql: 'select true' }] }, { environment });
  expect(failure).toMatchObject({ code: 'environment-incomplete' });
});
