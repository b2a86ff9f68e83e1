import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { Environment } from '../../../src/language/environment/environment.ts';
import { Failure } from '../../../src/base/failure.ts';
import check from '../../../tasks/credential-check.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { s3Location, secretsFrom } from '../../services/repository.ts';
import { attempt, environmentFor, type AttemptOptions } from '../task/attempt.ts';
import {
  makeCertificates,
  serveCertificate,
  type Certificates,
  type CertificateServer,
} from './certificates.ts';

const services = inject('services');
const dayMs = 86_400_000;
const bare: Environment = { name: 'prod', protected: false };

let certificates: Certificates;
let database: TestDatabase;
const servers: CertificateServer[] = [];

beforeAll(async () => {
  certificates = await makeCertificates();
  database = await createDatabase(services);
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await certificates.remove();
  await dropDatabase(services, database);
});

async function serve(protocol: Parameters<typeof serveCertificate>[1]): Promise<number> {
  const server = await serveCertificate(certificates, protocol);
  servers.push(server);
  return server.port;
}

function checked(
  parameters: Parameters<typeof check.run>[1],
  options: Partial<AttemptOptions> & { readonly inDays?: number } = {},
): ReturnType<typeof attempt> {
  const { inDays = 0, ...more } = options;
  return attempt(check, parameters, {
    environment: bare,
    repository: memoryRepository(),
    password: services.postgres.password,
    clock: { ...systemClock, now: () => new Date(Date.now() + inDays * dayMs) },
    ...more,
  });
}

test('the certificates that a real server shows are judged by the first to end, its own or its authority’s', async () => {
  const url = `https://localhost:${await serve('tls')}`;
  const name = `certificate of ${url.slice('https://'.length)}`;
  await expect(checked({ urls: [url], 'warn-before': '8d' })).resolves.toMatchObject({
    result: {
      facts: {
        checks: [{ name, state: 'passed', found: expect.stringMatching(/^(9d 23h|10d) left/) as string }],
      },
    },
    said: { warnings: [] },
  });
  await expect(checked({ urls: [url] })).resolves.toMatchObject({
    said: { warnings: [expect.stringMatching(`^${name}: .* left, until`) as string] },
  });
  await expect(checked({ urls: [url] }, { inDays: 5 })).rejects.toMatchObject({
    code: 'check-failed',
    exitCode: 21,
    facts: { checks: [{ name, state: 'failed', expected: 'at least 1w left' }] },
  });
  await expect(checked({ urls: [url] }, { inDays: 31 })).rejects.toMatchObject({
    message: expect.stringMatching(/ended 21d.* ago, until/) as string,
  });
});

test('Postgres is asked for its certificate in its own way', async () => {
  const port = await serve('postgres');
  const environment = environmentFor(services, 'x', undefined as never, {
    host: '127.0.0.1',
    port,
    sslmode: 'require',
  });
  const outcome = checked({}, { environment, inDays: 31 });
  await expect(outcome).rejects.toMatchObject({
    facts: {
      checks: [
        {
          name: `certificate of 127.0.0.1:${port}`,
          state: 'failed',
          found: expect.stringContaining('ended') as string,
        },
        // It is no Postgres beyond that, which the check of the password says.
        { name: `password of ${services.postgres.user} at 127.0.0.1:${port}`, state: 'failed' },
      ],
    },
  });
});

test("a real role's password that ends soon, and one that has ended, are noticed", async () => {
  const role = `role_${randomBytes(4).toString('hex')}`;
  const valid = (interval: string): Promise<unknown> =>
    database.query(
      `do $$ begin execute format('alter role ${role} valid until %L', now() + interval '${interval}'); end $$`,
    );
  await database.query(`create role ${role} login password 'sesame-role'`);
  const environment = environmentFor(services, database.name, undefined as never, { user: role });
  const options = { environment, password: 'sesame-role' };
  const name = `password of ${role} at ${services.postgres.host}:${services.postgres.port}`;
  try {
    const checks = async (): Promise<unknown> => (await checked({}, options)).result.facts?.['checks'];
    expect(await checks()).toMatchObject([
      { name: expect.stringContaining('certificate') as string, state: 'passed' },
      { name, state: 'passed', found: 'it tells of no end' },
    ]);
    await database.query(`alter role ${role} valid until 'infinity'`);
    expect(await checks()).toMatchObject([{}, { found: 'it tells of no end' }]);
    await valid('10 days');
    await expect(checked({}, options)).resolves.toMatchObject({
      said: { warnings: [expect.stringMatching(`^${name}: (9d 23h|10d).* left`) as string] },
    });
    await valid('2 days');
    await expect(checked({}, options)).rejects.toMatchObject({
      facts: {
        checks: [
          { state: 'passed' },
          { name, state: 'failed', found: expect.stringMatching(/^(1d 23h|2d).* left/) as string },
        ],
      },
    });
    // Its password is refused from then on.
    await valid('-1 days');
    const failure = await checked({}, options).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'check-failed',
      facts: { checks: [{}, { name, state: 'failed' }] },
    });
    expect(failure instanceof Failure ? failure.message : '').not.toContain('sesame-role');
  } finally {
    await database.query(`drop role ${role}`);
  }
});

test('files and tokens are judged, and what cannot be read is red by itself', async () => {
  const exp = Math.floor(Date.now() / 1000) + 3 * 86_400;
  const token = `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.c2ln`;
  const parameters = {
    certificates: [certificates.leafFile, certificates.chainFile, '/no/such.crt'],
    tokens: [{ name: 'deploy', token: { env: 'DEPLOY_TOKEN' } }],
  };
  const failure: unknown = await checked(parameters, {
    secrets: secretsFrom({ DEPLOY_TOKEN: token }),
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    facts: {
      checks: [
        {
          name: `certificate in ${certificates.leafFile}`,
          state: 'passed',
          found: expect.stringMatching(/^(29d|30d)/) as string,
        },
        {
          name: `certificate in ${certificates.chainFile}`,
          state: 'passed',
          found: expect.stringMatching(/^(9d|10d)/) as string,
        },
        {
          name: 'certificate in /no/such.crt',
          state: 'failed',
          message: expect.stringContaining('ENOENT') as string,
        },
        { name: 'token deploy', state: 'failed' },
      ],
    },
  });
  expect(JSON.stringify(failure)).not.toContain(token);
});

test('session credentials of AWS in the variables come to an end, keys of an endpoint do not', async () => {
  const location = s3Location(services, 'none');
  const { accessKeyId: _, secretAccessKey: __, ...keyless } = location;
  const environment: Environment = { ...bare, repository: { store: { kind: 's3', s3: keyless } } };
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'session');
  vi.stubEnv('AWS_CREDENTIAL_EXPIRATION', new Date(Date.now() + 6 * 3_600_000).toISOString());
  await expect(checked({}, { environment })).rejects.toMatchObject({
    facts: {
      checks: [
        {
          name: 'AWS credentials of this host',
          state: 'failed',
          found: expect.stringMatching(/^(5h 59m|6h) left/) as string,
        },
      ],
    },
  });
  vi.stubEnv('AWS_CREDENTIAL_EXPIRATION', '');
  vi.stubEnv('AWS_SESSION_TOKEN', '');
  await expect(checked({}, { environment })).resolves.toBeDefined();
  const own: Environment = { ...bare, repository: { store: { kind: 's3', s3: location } } };
  await expect(checked({}, { environment: own })).rejects.toMatchObject({
    message: 'nothing of prod tells of an end',
  });
});

test('a server that never answers does not hold a cancelled run', async () => {
  const port = await serve('silent');
  const controller = new AbortController();
  const reason = new Failure('terminated', 'the run was ended');
  const outcome = checked(
    { urls: [`https://127.0.0.1:${port}`] },
    {
      signal: controller.signal,
      onPhase: () =>
        setImmediate(() => {
          controller.abort(reason);
        }),
    },
  );
  await expect(outcome).rejects.toBe(reason);
});
