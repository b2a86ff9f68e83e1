import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import type { Session } from '../../../src/postgres/connect.ts';
import {
  databaseArgument,
  endpointVariables,
  programEnvironment,
  renderPasswordFile,
  type Variables,
} from '../../../src/postgres/program.ts';
import { createSecret } from '../../../src/process/secrets/secret.ts';

const endpoint: PostgresEndpoint = {
  host: 'db',
  port: 5433,
  database: 'shop',
  user: 'backup',
  sslmode: 'verify-full',
  sslrootcert: '/ca.pem',
  password: { kind: 'env', name: 'P', position: 'environments.yaml:3:5' },
};
const { password: _password, sslrootcert: _sslrootcert, ...bare } = endpoint;
const server: Session['server'] = {
  major: 15,
  superuser: false,
  address: '10.0.0.7',
  startedAt: '2026-01-01T00:00:00.000000Z',
  where: '10.0.0.7:5433',
};

/** The account's home folder. */
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'run-plan-home-'));
  vi.stubEnv('HOME', home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

async function optionsFor(password: string): Promise<Parameters<typeof endpointVariables>[1]> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return {
    secrets: { resolve: () => Promise.resolve(createSecret(password)) },
    folder,
    applicationName: 'run-1',
  };
}

async function build(
  password: string,
  to: PostgresEndpoint = endpoint,
  from: Partial<Session['server']> = {},
): Promise<Variables> {
  const session = { endpoint: to, server: { ...server, ...from } };
  return programEnvironment(session as Session, await optionsFor(password));
}

test('the password is in a file of its own that nobody else can read, and nowhere else', async () => {
  const environment = await build('hunter2');
  expect(JSON.stringify(environment)).not.toContain('hunter2');
  const path = environment['PGPASSFILE'] ?? '';
  expect(await readFile(path, 'utf8')).toBe('*:*:*:*:hunter2\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('the server is told as libpq wants it, by the address that its session has', async () => {
  expect(await build('x')).toMatchObject({
    PGHOST: 'db',
    PGHOSTADDR: '10.0.0.7',
    PGPORT: '5433',
    PGUSER: 'backup',
    PGDATABASE: 'shop',
    PGAPPNAME: 'run-1',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: '/ca.pem',
    PGCLIENTENCODING: 'UTF8',
    LC_ALL: 'C',
  });
});

test('a socket has no address', async () => {
  expect(
    (await build('x', { ...endpoint, host: '/run' }, { address: undefined }))['PGHOSTADDR'],
  ).toBeUndefined();
});

test('time limits are lifted, those too that only a later server knows, and superusers set what they alone may', async () => {
  const of13 = (await build('x', endpoint, { major: 13 }))['PGOPTIONS'];
  expect(of13).toContain('-c statement_timeout=0 -c lock_timeout=0');
  expect(of13).not.toContain('idle_session_timeout');
  const of17 = (await build('x', endpoint, { major: 17, superuser: true }))['PGOPTIONS'];
  expect(of17).toContain('-c idle_session_timeout=0 -c transaction_timeout=0');
  expect(of17).toContain('-c session_replication_role=origin');
  expect(of13).not.toContain('session_replication_role');
  expect(of13).toContain(String.raw`-c search_path="$user",\ public`);
});

test('files of the account count as they do for a session, and no others', async () => {
  const folder = join(home, '.postgresql');
  const without = await build('x', { ...bare, sslmode: 'require' });
  for (const name of ['PGSSLROOTCERT', 'PGSSLCRL', 'PGSSLCERT', 'PGSSLKEY', 'PGPASSFILE'])
    await expect(stat(without[name] ?? '')).rejects.toMatchObject({ code: 'ENOENT' });
  await mkdir(folder);
  for (const name of ['root.crt', 'root.crl', 'postgresql.crt', 'postgresql.key'])
    await writeFile(join(folder, name), '');
  expect(await build('x', { ...bare, sslmode: 'require' })).toMatchObject({
    PGSSLROOTCERT: join(folder, 'root.crt'),
    PGSSLCRL: join(folder, 'root.crl'),
    PGSSLCERT: join(folder, 'postgresql.crt'),
    PGSSLKEY: join(folder, 'postgresql.key'),
  });
  expect((await build('x', { ...bare, sslmode: 'prefer' }))['PGSSLROOTCERT']).not.toContain(home);
});

test('an operator’s own programs keep their locale and settings', async () => {
  const variables = await endpointVariables(endpoint, await optionsFor('x'));
  expect(variables).not.toHaveProperty('LC_ALL');
  expect(variables['PGOPTIONS']).toBeUndefined();
  expect(variables['PGCLIENTENCODING']).toBeUndefined();
});

test('colons and backslashes of a password are escaped', () => {
  expect(renderPasswordFile(String.raw`a:b\c`)).toBe(`*:*:*:*:${String.raw`a\:b\\c`}\n`);
});

test('a password with a line break is refused, with the place it comes from', async () => {
  await expect(build('two\nlines')).rejects.toMatchObject({
    code: 'secret-unavailable',
    where: 'environments.yaml:3:5',
  });
});

test('a database of any name is one value of a connection string', () => {
  expect(databaseArgument(String.raw`a'b\c=d`)).toContain(String.raw`dbname='a\'b\\c=d' `);
});
