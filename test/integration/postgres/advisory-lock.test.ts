import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { advisoryLock } from '../../../src/postgres/advisory-lock.ts';
import { endBackends } from '../../../src/postgres/end-backends.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { endpointOf, openSession, secretsOf } from './session.ts';

const services = inject('services');
const { signal } = new AbortController();
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase(services);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

function run(id: string, plan = 'nightly') {
  return { id, plan, planHash: '', startedAt: new Date(), scratch: '' };
}

function taker() {
  return advisoryLock(endpointOf(services, database.name), secretsOf(services), 'own');
}

test('a plan is locked once, the holder is named, and another plan is free', async () => {
  const held = await taker().take(run('run-1'), signal);
  await expect(taker().take(run('run-2'), signal)).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining('run-1 lock'),
  });
  const other = await taker().take(run('run-3', 'weekly'), signal);
  await held.release();
  await other.release();
  const again = await taker().take(run('run-4'), signal);
  await again.release();
});

test('the lock outlives the end of the run’s other sessions', async () => {
  const held = await taker().take(run('run-5'), signal);
  const session = await openSession(services, database.name, 'run-5');
  const options = { secrets: secretsOf(services), runId: 'run-5' };
  expect(await endBackends(endpointOf(services, database.name), options)).toBe(1);
  await expect.poll(() => session.lost.aborted).toBe(true);
  expect(held.lost.aborted).toBe(false);
  await expect(taker().take(run('run-6'), signal)).rejects.toMatchObject({ code: 'locked' });
  await held.release();
});

test('a lock whose session is ended says so', async () => {
  const held = await taker().take(run('run-7'), signal);
  await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'run-7 lock'`,
  );
  await expect.poll(() => held.lost.aborted).toBe(true);
  expect(held.lost.reason).toMatchObject({ code: 'postgres-connection-lost' });
  await held.release();
});

test('a released lock is silent', async () => {
  const held = await taker().take(run('run-8'), signal);
  await held.release();
  expect(held.lost.aborted).toBe(false);
});
