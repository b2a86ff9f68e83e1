import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Environment } from '../../../src/language/environment/environment.ts';
import { startCluster } from '../../../src/postgres/cluster.ts';
import check from '../../../tasks/space-check.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { attempt, environmentFor } from '../task/attempt.ts';

const services = inject('services');
/** A limit that every disk of a developer keeps, and one that none does. */
const little = '1kB';
const all = '100%';

let database: TestDatabase;
let folder: string;
let environment: Environment;

beforeAll(async () => {
  database = await createDatabase(services);
  folder = await mkdtemp(join(tmpdir(), 'run-plan-space-'));
  environment = environmentFor(services, database.name, { store: { kind: 'folder', folder } });
});
afterAll(async () => {
  await dropDatabase(services, database);
  await rm(folder, { recursive: true, force: true });
});

function checked(
  parameters: Parameters<typeof check.run>[1],
  changes: Partial<Environment> = {},
): ReturnType<typeof attempt> {
  const limits = {
    'fail-below': little,
    'warn-below': little,
    'fail-below-inodes': '0%',
    'warn-below-inodes': '0%',
  };
  return attempt(
    check,
    { ...limits, ...parameters },
    {
      environment: { ...environment, ...changes },
      repository: memoryRepository(),
      password: services.postgres.password,
    },
  );
}

test('the state folder, the repository and a real server are looked at', async () => {
  const { result, said } = await checked({ folders: ['/'] });
  const names = (result.facts?.['checks'] as { name: string }[]).map(({ name }) => name);
  expect(names.slice(0, 6)).toEqual([
    'space of the state folder',
    'inodes of the state folder',
    `space of ${folder}`,
    `inodes of ${folder}`,
    'space of /',
    'inodes of /',
  ]);
  expect(result.facts?.['server']).toMatchObject({
    databasesBytes: expect.any(Number) as number,
    slot: null,
  });
  // Whose files lie on this host tells what is left there, a container cannot.
  if (services.postgres.way === 'native')
    expect(names.some((name) => name.startsWith("space of the server's"))).toBe(true);
  else expect(said.notes).toEqual([expect.stringContaining('cannot be told by SQL') as string]);
});

test('a full disk is noticed though the others are not looked at less', async () => {
  await expect(checked({ 'fail-below': all, folders: ['/no/such'] })).rejects.toMatchObject({
    code: 'check-failed',
    facts: {
      checks: expect.arrayContaining([
        expect.objectContaining({ name: `space of ${folder}`, state: 'failed' }),
        expect.objectContaining({
          name: 'space of /no/such',
          message: expect.stringContaining('ENOENT') as string,
        }),
      ]) as unknown,
      server: { host: services.postgres.host },
    },
  });
  const { said } = await checked({ 'warn-below': all }, { postgres: undefined } as never);
  expect(said.warnings).toHaveLength(2);
});

test('what a role may not know is said, and a server that does not answer is red', async () => {
  const role = `role_${randomBytes(4).toString('hex')}`;
  await database.query(`create role ${role} login password '${services.postgres.password}'`);
  try {
    const postgres = { ...environment.postgres, user: role };
    const { said, result } = await checked({}, { postgres } as never);
    expect(said.notes).toEqual([
      expect.stringMatching(
        `^how much is free on ${services.postgres.host} cannot be told by SQL: its databases take `,
      ) as string,
    ]);
    expect(result.facts?.['server']).toMatchObject({ freeSpace: 'cannot be told by SQL' });
  } finally {
    await database.query(`drop role ${role}`);
  }
  const nobody = { ...environment.postgres, port: 1 };
  await expect(checked({}, { postgres: nobody } as never)).rejects.toMatchObject({
    facts: {
      checks: expect.arrayContaining([
        expect.objectContaining({ name: `server ${services.postgres.host}`, state: 'failed' }),
      ]) as unknown,
    },
  });
  await expect(checked({ server: false }, { postgres: nobody } as never)).resolves.toBeDefined();
});

test('a replication slot that nobody reads holds the log back, and is noticed', async () => {
  const cluster = await startCluster({ tcp: true, settings: { wal_level: 'replica', max_wal_senders: '1' } });
  try {
    const { port, user, password } = cluster;
    const server = {
      ...services,
      postgres: { ...services.postgres, host: '127.0.0.1', port, user, password },
    };
    const own = await createDatabase(server);
    await own.query(`select pg_create_physical_replication_slot('forgotten', true)`);
    await own.query('create table rows as select generate_series(1, 20000) as n');
    const options = {
      environment: environmentFor(server, own.name, { store: { kind: 'folder', folder } }),
      repository: memoryRepository(),
      password,
    };
    await expect(
      attempt(check, { 'max-retained-log': '1kB', 'fail-below': little, 'fail-below-inodes': '0%' }, options),
    ).rejects.toMatchObject({
      code: 'check-failed',
      message: expect.stringMatching(
        /expected at most 1kB of the log held back, found .* by forgotten, which is not in use/,
      ) as string,
    });
    await expect(
      attempt(check, { 'fail-below': little, 'fail-below-inodes': '0%' }, options),
    ).resolves.toMatchObject({
      result: { facts: { server: { slot: { name: 'forgotten', active: false } } } },
    });
  } finally {
    await cluster.stop();
  }
});
