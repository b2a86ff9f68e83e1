import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connect } from '../../../src/postgres/connect.ts';
import { Failure } from '../../../src/base/failure.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { endpointOf, openSession, secretsOf } from './session.ts';

const services = inject('services');
let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase(services);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

test('a session shows its application_name', async () => {
  const session = await openSession(services, database.name, 'nightly-1');
  expect(await session.query(`select current_setting('application_name') as name`)).toEqual([
    { name: 'nightly-1' },
  ]);
});

test('an abort breaks a query off at once, with its reason', async () => {
  const controller = new AbortController();
  const session = await openSession(services, database.name, 'aborted', controller.signal);
  const query = session.query('select pg_sleep(60)');
  const reason = new Failure('step-timeout', 'too late');
  setTimeout(() => {
    controller.abort(reason);
  }, 100);
  await expect(query).rejects.toBe(reason);
  await expect(session.query('select 1')).rejects.toBe(reason);
});

test('closing while a query runs does not wait for it', async () => {
  const session = await openSession(services, database.name, 'closed');
  const query = session.query('select pg_sleep(60)').catch((error: unknown) => error);
  await session.close();
  expect(await query).toMatchObject({ code: 'postgres-connection-lost' });
  expect(session.lost.aborted).toBe(false);
});

test('verify-full without a readable root certificate never connects', async () => {
  await expect(
    connect(
      { ...endpointOf(services, database.name), sslmode: 'verify-full', sslrootcert: '/no/such.crt' },
      { secrets: secretsOf(services), applicationName: 'test' },
    ),
  ).rejects.toMatchObject({
    code: 'environment-incomplete',
    message: expect.stringContaining('/no/such.crt'),
  });
});

test('a server that never answers is given up after the time limit', async () => {
  const { createServer } = await import('node:net');
  const silent = createServer((socket) => void socket.on('error', () => undefined));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await expect(
    connect(
      { ...endpointOf(services, 'x'), port },
      { secrets: secretsOf(services), applicationName: 'test', connectTimeoutMs: 200 },
    ),
  ).rejects.toMatchObject({ code: 'postgres-unreachable' });
  silent.close();
});
