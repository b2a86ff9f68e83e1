import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scriptVariables } from '../../../src/postgres/script-variables.ts';
import type { Environment, PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import { createSecret } from '../../../src/process/secrets/secret.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'script-variables-'));
});
afterEach(() => rm(folder, { recursive: true }));

const postgres: PostgresEndpoint = {
  host: 'db.internal',
  port: 5433,
  database: 'clean & tidy',
  user: 'app',
  sslmode: 'require',
  password: { kind: 'env', name: 'X', position: 'here' },
};
const secrets = { resolve: () => Promise.resolve(createSecret('hunter2')) };

function variablesOf(
  environment: Partial<Environment>,
  mayWrite = false,
): ReturnType<typeof scriptVariables> {
  return scriptVariables(
    { name: 'prod', protected: false, ...environment },
    { secrets, folder, applicationName: 'nightly-1', mayWrite },
  );
}

test('the password stands in a private file and nowhere else', async () => {
  const variables = await variablesOf({ postgres });
  expect(variables).toMatchObject({
    PGHOST: 'db.internal',
    PGPORT: '5433',
    PGDATABASE: 'clean & tidy',
    PGUSER: 'app',
    DATABASE_URL: 'postgresql://app@db.internal:5433/clean%20%26%20tidy?sslmode=require',
  });
  expect(JSON.stringify(variables)).not.toContain('hunter2');
  const file = variables['PGPASSFILE'] ?? '';
  expect(await readFile(file, 'utf8')).toContain('hunter2');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('a Unix socket is named as libpq wants it', async () => {
  const { DATABASE_URL: url } = await variablesOf({ postgres: { ...postgres, host: '/run/my postgres' } });
  expect(url).toBe(
    'postgresql://app@/clean%20%26%20tidy?host=%2Frun%2Fmy%20postgres&port=5433&sslmode=require',
  );
});

describe('sessions are read-only', () => {
  test.each([
    [true, false, '-c default_transaction_read_only=on'],
    [true, true, undefined],
    [false, false, undefined],
  ])('where protected is %j and the plan may write is %j: %j', async (isProtected, mayWrite, expected) => {
    expect((await variablesOf({ postgres, protected: isProtected }, mayWrite))['PGOPTIONS']).toBe(expected);
  });
});

test("an environment without a database adds nothing, and the operator's locale stays", async () => {
  expect(await variablesOf({})).toEqual({});
  expect(await variablesOf({ postgres })).not.toHaveProperty('LC_ALL');
});
