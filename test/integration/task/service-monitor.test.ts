import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import type { ServiceMonitorParameters } from '../../../src/language/generated/service-monitor.types.ts';
import cutover from '../../../tasks/postgres-cutover.ts';
import monitor from '../../../tasks/service-monitor.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { steppedClock } from '../../fixtures/stepped-clock.ts';
import { queryServer } from '../../services/database.ts';
import { attempt, environmentFor, type AttemptOptions } from './attempt.ts';
import { cutoverDatabases, originOf, sitIn, type CutoverDatabases } from './cutover-databases.ts';

const services = inject('services');
const settings = { store: { kind: 'folder', folder: '/nowhere' } } as const;
/** A round a second, as the task allows at most, of a clock that does not wait. */
const short = { for: '3s', every: '1s', 'min-probes': 2 };

/** A service on the loopback; its address. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/health`;
}

function monitored(
  database: string,
  parameters: ServiceMonitorParameters,
  options: Partial<AttemptOptions> = {},
): ReturnType<typeof attempt> {
  return attempt(
    monitor,
    { ...short, ...parameters },
    {
      environment: environmentFor(services, database, settings),
      repository: memoryRepository(),
      password: services.postgres.password,
      clock: steppedClock(),
      ...options,
    },
  );
}

/** A live database that a cutover has just put in its place, and the one before. */
async function afterCutover(): Promise<CutoverDatabases & { readonly previous: string }> {
  const databases = await cutoverDatabases(services);
  const { result } = await attempt(
    cutover,
    { database: databases.next.name },
    {
      environment: environmentFor(services, databases.live.name, settings),
      repository: memoryRepository(),
      password: services.postgres.password,
    },
  );
  const previous = result.outputs?.['previous'] ?? '';
  databases.owns(previous);
  return { ...databases, previous };
}

const hasCustomers = { name: 'there are customers', sql: 'select exists (select from customers)' };

describe('a service that does well', () => {
  test('is watched to the end, by pages and by the database', async () => {
    const { live, previous } = await afterCutover();
    let connections = 0;
    const url = await serve((request, response) => {
      request.socket.once('close', () => (connections += 1));
      response.end('fine');
    });
    const { result, said } = await monitored(live.name, {
      http: [{ url }],
      sql: [hasCustomers],
      'max-p95-ms': 5000,
      'roll-back-to': previous,
    });
    expect(result.facts).toMatchObject({
      probes: { probes: expect.any(Number), errors: 0, errorRate: 0, p95Ms: expect.any(Number) },
      checks: [{ state: 'passed' }, { state: 'passed' }],
    });
    expect(said.phases).toEqual(
      [0, 1, 2, 3].map((s) => `${String(s)} of 3 s, ${String(2 * (s + 1))} probes, 0 errors, p95 0 ms`),
    );
    await expect.poll(() => connections).toBe(4);
    expect(await originOf(services, live.name)).toBe('restored');
  });
});

describe('a service that does badly', () => {
  test('gets the database before the cutover back, from under its sessions, and the run fails as a check', async () => {
    const databases = await afterCutover();
    const { live, previous } = databases;
    await sitIn(services, live.name);
    const url = await serve((_, response) => response.writeHead(500).end('no'));
    const failure = await monitored(live.name, { http: [{ url }], 'roll-back-to': previous }).catch(
      (error: unknown) => error as { readonly facts: { readonly rollBack: { readonly failed: string } } },
    );
    expect(failure).toMatchObject({
      code: 'check-failed',
      exitCode: 21,
      message: expect.stringMatching(
        `^error rate over .*: 100 % .*status 500; rolled back: ${live.name} is again what was ${previous}; to look at the failed one, .*psql 'host=`,
      ),
      facts: {
        probes: { errorRate: 1 },
        checks: [{ state: 'failed' }],
        rollBack: { state: 'done', previous, live: live.name },
        errors: [expect.stringMatching('status 500$')],
      },
    });
    const { failed } = (failure as { readonly facts: { readonly rollBack: { readonly failed: string } } })
      .facts.rollBack;
    databases.owns(failed);
    expect(await originOf(services, live.name)).toBe('live');
    expect(await originOf(services, failed)).toBe('restored');
  });

  test('is only told of when there is nothing to go back to', async () => {
    const { live } = await cutoverDatabases(services);
    const tooFew = { name: 'too few', sql: 'select count(*) > 5 from customers' };
    await expect(monitored(live.name, { sql: [tooFew] })).rejects.toMatchObject({
      code: 'check-failed',
      message: expect.stringContaining('too few: gave false'),
      facts: { probes: { errors: 2 } },
    });
  });

  const badAnswers: readonly (readonly [string, RequestListener, RegExp])[] = [
    ['answers nothing in time', () => undefined, /no complete answer within 1 s$/],
    [
      'hangs up',
      (_, response) => response.destroy(),
      /the connection was (?:closed before the answer was complete|reset)/,
    ],
    ['sends people elsewhere', (_, response) => response.writeHead(302).end(), /status 302$/],
  ];

  test.each(badAnswers)('when it %s', async (_, listener, error) => {
    const url = await serve(listener);
    await expect(monitored('postgres', { http: [{ url, timeout: '1s' }] })).rejects.toMatchObject({
      facts: { errors: [expect.stringMatching(error)] },
    });
  });

  test('when nobody listens, or the page ends in the middle', async () => {
    const half = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      response.socket?.destroySoon();
    });
    for (const url of ['http://127.0.0.1:9/', half]) {
      await expect(monitored('postgres', { http: [{ url }] })).rejects.toMatchObject({
        facts: { probes: { errorRate: 1 } },
      });
    }
  });

  test('when a login is refused, which a session that is kept would not notice', async () => {
    const { live } = await cutoverDatabases(services);
    const role = { user: 'not_there' };
    await expect(
      monitored(
        live.name,
        { sql: [hasCustomers] },
        { environment: environmentFor(services, live.name, settings, role) },
      ),
    ).rejects.toMatchObject({ code: 'check-failed', message: expect.stringContaining('not_there') });
  });
});

test('a database to go back to that is not there is told before the watch', async () => {
  const { live } = await cutoverDatabases(services);
  await expect(
    monitored(live.name, { sql: [hasCustomers], 'roll-back-to': 'not_there' }),
  ).rejects.toMatchObject({ code: 'postgres-database-missing' });
});

test('a roll back that fails is told with the statements to do it by hand, and the database is open', async () => {
  const { live, previous, role } = await afterCutover();
  const weak = await role('createdb');
  const environment = environmentFor(services, live.name, settings, { user: weak });
  const never = { name: 'never', sql: 'select false' };
  await expect(
    monitored(live.name, { sql: [never], 'roll-back-to': previous }, { environment, password: 'secret' }),
  ).rejects.toMatchObject({
    code: 'check-failed',
    message: expect.stringContaining('failed too'),
    facts: { rollBack: { state: 'failed', byHand: expect.arrayContaining(['begin;', 'commit;']) } },
  });
  expect(await originOf(services, live.name)).toBe('restored');
  const open = 'select datallowconn as "isOpen" from pg_database where datname = $1';
  expect(await queryServer(services, open, [live.name])).toEqual([{ isOpen: true }]);
});
