import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { applicationName } from '../../../src/postgres/application-name.ts';
import { startCluster, type Cluster } from '../../../src/postgres/cluster.ts';
import { dropDatabase as drop } from '../../../src/postgres/drop-database.ts';
import { markKept, markScratch } from '../../../src/postgres/scratch-database.ts';
import drops from '../../../tasks/postgres-drop.ts';
import type { Environment } from '../../../src/language/environment/environment.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import type { Services } from '../../services/services.ts';
import { openSession } from '../postgres/session.ts';
import { attempt, environmentFor, scratchName, type AttemptOptions, type Said } from './attempt.ts';

// A server of its own: a sweep looks at the whole server, also at what tests beside this one have left there.
let cluster: Cluster;
let services: Services;
const settings = { store: { kind: 'folder', folder: '/nowhere' } } as const;
const made: TestDatabase[] = [];

beforeAll(async () => {
  cluster = await startCluster({ tcp: true });
  const { port, user, password, major } = cluster;
  services = {
    ...inject('services'),
    postgres: { way: 'native', host: '127.0.0.1', port, user, password, major },
  };
});

afterAll(async () => {
  await cluster.stop();
});

afterEach(async () => {
  for (const database of made.splice(0)) await dropDatabase(services, database);
});

async function scratch(name = scratchName()): Promise<TestDatabase> {
  const database = await createDatabase(services, name);
  made.push(database);
  return database;
}

async function names(): Promise<string[]> {
  const session = await openSession(services, 'postgres');
  const rows = await session.query<{ name: string }>('select datname as name from pg_database');
  return rows.map(({ name }) => name);
}

/** A name of a run that started so many minutes ago. */
function nameAgo(minutes: number): { readonly name: string; readonly runId: string } {
  const time = new Date(Date.now() - minutes * 60_000)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  const hex = randomBytes(2).toString('hex');
  return { name: `scratch_${time.toLowerCase()}_${hex}`, runId: `drill-${time}-${hex}` };
}

function dropped(
  parameters: Parameters<typeof drops.run>[1],
  options: Partial<AttemptOptions> = {},
): Promise<{ readonly facts: unknown; readonly said: Said }> {
  return attempt(drops, parameters, {
    environment: environmentFor(services, 'postgres', settings),
    repository: memoryRepository(),
    password: services.postgres.password,
    ...options,
  }).then(({ result, said }) => ({ facts: result.facts, said }));
}

async function sitIn(database: TestDatabase, application = 'somebody'): Promise<pg.Client> {
  const client = new pg.Client({ ...database.connection, application_name: application });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

describe('the run’s own database', () => {
  test('is dropped from under whoever sits in it; once it is gone that is fine too', async () => {
    const database = await scratch();
    await sitIn(database);
    expect((await dropped({}, { scratch: database.name })).facts).toMatchObject({ state: 'dropped' });
    expect(await names()).not.toContain(database.name);
    expect((await dropped({}, { scratch: database.name })).facts).toMatchObject({ state: 'absent' });
  });

  test('can be said', async () => {
    const database = await scratch();
    await dropped({ database: database.name });
    expect(await names()).not.toContain(database.name);
  });

  test('is dropped with the subscriptions that came with the dump, without asking their publishers', async () => {
    const database = await scratch();
    for (const name of ['one', 'an "odd" one'])
      await database.query(
        `create subscription ${pg.escapeIdentifier(name)} connection 'host=nowhere.invalid' publication p
           with (connect = false, slot_name = original)`,
      );
    expect((await dropped({}, { scratch: database.name })).facts).toMatchObject({ state: 'dropped' });
    expect(await names()).not.toContain(database.name);
  });

  test('is dropped by hand where the server knows no force', async () => {
    const database = await scratch();
    await sitIn(database);
    await drop(await openSession(services, 'postgres'), database.name, { force: true, major: 12 });
    expect(await names()).not.toContain(database.name);
  });

  test('is kept after a failure, with the way to it and the way to be rid of it', async () => {
    const database = await scratch();
    const { facts, said } = await dropped(
      { 'keep-on-failure': true },
      { scratch: database.name, hasFailed: true },
    );
    expect(facts).toMatchObject({ state: 'kept' });
    expect(said.warnings).toEqual([
      expect.stringContaining(`drop database "${database.name}" with (force);`),
    ]);
    expect(said.warnings[0]).toContain(`dbname=${database.name}`);
    expect(said.warnings[0]).not.toContain(services.postgres.password);
    expect(await names()).toContain(database.name);
  });

  test('is dropped when nothing failed, whatever is to be kept', async () => {
    const database = await scratch();
    await dropped({ 'keep-on-failure': true }, { scratch: database.name });
    expect(await names()).not.toContain(database.name);
  });

  test('is not kept in a cluster that is thrown away', async () => {
    const database = await scratch();
    const environment: Environment = {
      ...environmentFor(services, database.name, settings),
      ephemeral: true,
    };
    await dropped({ 'keep-on-failure': true }, { environment, scratch: database.name, hasFailed: true });
    expect(await names()).not.toContain(database.name);
  });
});

test.each(['cleaning', 'postgres', 'scratch_20250101t020000z_3fa9; drop', 'scratch_20250101T020000Z_3FA9'])(
  'the name %s is refused',
  async (name) => {
    await expect(dropped({ database: name })).rejects.toMatchObject({ code: 'target-refused' });
  },
);

test('an ephemeral environment whose server never started has nothing to drop', async () => {
  const environment: Environment = { name: 'scratch', protected: false, ephemeral: true };
  expect((await dropped({}, { environment })).facts).toMatchObject({ state: 'no-server' });
});

describe('what other runs left', () => {
  async function marked(
    minutes: number,
  ): Promise<{ readonly database: TestDatabase; readonly runId: string }> {
    const { name, runId } = nameAgo(minutes);
    const database = await scratch(name);
    await markScratch(await openSession(services, 'postgres'), name, runId);
    return { database, runId };
  }

  test('is dropped when the run is gone', async () => {
    const { database } = await marked(90);
    const { said } = await dropped({});
    expect(said.notes).toContain(`dropped ${database.name}, which a killed run had left`);
    expect(await names()).not.toContain(database.name);
  });

  test.each([undefined, 'lock'])('stays while the run has a session (%s)', async (purpose) => {
    const { database, runId } = await marked(90);
    const elsewhere = await scratch();
    const long = `${'a-very-long-plan-name-'.repeat(3)}${runId}`;
    const client = await sitIn(elsewhere, applicationName(long, purpose));
    expect((await dropped({})).said.notes).toContain(`left ${database.name}: its run is still there`);
    await client.end();
    await dropped({});
    expect(await names()).not.toContain(database.name);
  });

  test('stays when it is young, kept, not marked, or somebody sits in it', async () => {
    const young = await marked(50);
    const kept = await marked(90);
    await markKept(await openSession(services, 'postgres'), kept.database.name, kept.runId);
    const occupied = await marked(90);
    await sitIn(occupied.database);
    const unmarked = await scratch(nameAgo(90).name);
    const { said } = await dropped({});
    expect(said.notes).toEqual(
      expect.arrayContaining([
        `left ${young.database.name}: it is younger than an hour`,
        `left ${kept.database.name}: it was kept because its run failed`,
        `left ${occupied.database.name}: somebody is connected to it`,
      ]),
    );
    expect(await names()).toEqual(
      expect.arrayContaining(
        [young.database, kept.database, occupied.database, unmarked].map(({ name }) => name),
      ),
    );
  });

  test('that the role may not drop is left with the server’s words, and the run goes on', async () => {
    const { database } = await marked(90);
    const role = `weak_${randomBytes(4).toString('hex')}`;
    await database.query(`create role ${role} login password 'weak'`);
    try {
      const environment = environmentFor(services, 'postgres', settings, { user: role });
      const { said } = await dropped({}, { environment, password: 'weak' });
      expect(said.notes).toContainEqual(expect.stringMatching(`left ${database.name}: .*must be owner`));
    } finally {
      await database.query(`drop role ${role}`);
    }
  });
});
