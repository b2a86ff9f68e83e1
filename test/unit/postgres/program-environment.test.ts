import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  databaseArgument,
  programEnvironment,
  renderPasswordFile,
} from '../../../src/postgres/program-environment.ts';
import { createSecret } from '../../../src/process/secrets/secret.ts';

const endpoint = {
  host: 'db',
  port: 5433,
  database: 'shop',
  user: 'backup',
  sslmode: 'verify-full',
  sslrootcert: '/ca.pem',
  password: { kind: 'env', name: 'P', position: 'environments.yaml:3:5' },
} as const;

async function build(password: string): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return programEnvironment(endpoint, {
    secrets: { resolve: () => Promise.resolve(createSecret(password)) },
    folder,
    applicationName: 'run-1',
  });
}

test('the password is in a file of its own that nobody else can read, and nowhere else', async () => {
  const environment = await build('hunter2');
  expect(JSON.stringify(environment)).not.toContain('hunter2');
  const path = environment['PGPASSFILE'] ?? '';
  expect(await readFile(path, 'utf8')).toBe('*:*:*:*:hunter2\n');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('a password of the caller’s own environment does not win', async () => {
  expect(await build('hunter2')).toMatchObject({ PGPASSWORD: '', PGOPTIONS: '', PGHOSTADDR: '' });
});

test('the endpoint is told as libpq wants it', async () => {
  expect(await build('x')).toMatchObject({
    PGHOST: 'db',
    PGPORT: '5433',
    PGUSER: 'backup',
    PGDATABASE: 'shop',
    PGAPPNAME: 'run-1',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: '/ca.pem',
  });
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
