import { execFile } from 'node:child_process';
import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import type { Manifest } from '../../../src/artifact/manifest.ts';
import type { PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import { startCluster, type Cluster } from '../../../src/postgres/cluster.ts';
import type { PostgresRestoreParameters } from '../../../src/language/generated/postgres-restore.types.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { largeTable } from '../../fixtures/large-table.ts';
import {
  askServer,
  changeManifest,
  databaseNamed,
  dumpsOf,
  exists,
  expectNothingLeft,
  newName,
  newRunId,
  restore,
} from './restored.ts';

const services = inject('services');
const run = promisify(execFile);
let database: TestDatabase;
const dumped = dumpsOf(() => database);

beforeAll(async () => {
  database = await createDatabase(services);
  await database.query(`
    ${largeTable('photos')}
    create table orders (id int primary key);
    insert into orders select generate_series(1, 1000)`);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

interface Refusal {
  readonly what: string;
  readonly change?: (manifest: Manifest) => Manifest;
  readonly parameters?: PostgresRestoreParameters;
  readonly code: string;
}

const refusals: readonly Refusal[] = [
  { what: 'the server that was dumped', parameters: { 'same-server': false }, code: 'target-refused' },
  {
    what: 'a dump of a newer server',
    change: (manifest) => ({
      ...manifest,
      server: { ...manifest.server, major: services.postgres.major + 1 },
    }),
    code: 'postgres-version',
  },
  {
    what: 'a dump of a newer pg_dump',
    change: (manifest) => ({ ...manifest, tools: { ...manifest.tools, pg_dump: '99.1' } }),
    code: 'tool-missing',
  },
  {
    what: 'an extension that the target lacks',
    change: (manifest) => ({
      ...manifest,
      server: { ...manifest.server, extensions: [{ name: 'nowhere', version: '1' }] },
    }),
    code: 'extension-missing',
  },
  {
    what: 'more than the disk holds',
    change: (manifest) => ({ ...manifest, server: { ...manifest.server, databaseBytes: 2 ** 50 } }),
    code: 'space-missing',
  },
];

// Whose disk a container's server fills cannot be told from here.
const met = refusals.filter(({ code }) => code !== 'space-missing' || services.postgres.way === 'native');

test.for(met)('$what is refused before anything is made', async ({ change, parameters, code }) => {
  const { store, manifest } = await dumped();
  if (change !== undefined) await changeManifest(store, manifest, change);
  const name = newName();
  const runId = newRunId();
  await expect(
    restore({ ...parameters, database: name }, { store, of: database, runId }),
  ).rejects.toMatchObject({ code });
  expect(await exists(name)).toBe(false);
  await expectNothingLeft(runId);
});

test('a role that may not create databases is told so, and restores into one that is there', async () => {
  const { store } = await dumped();
  const role = `role_${database.name}`;
  await askServer(`create role "${role}" login password '${services.postgres.password}'`);
  onTestFinished(async () => {
    await askServer(`drop role "${role}"`);
  });
  const name = newName();
  const as = { store, of: database, postgres: { user: role } };
  await expect(restore({ database: name }, as)).rejects.toMatchObject({
    code: 'postgres-permission',
    hint: expect.stringContaining(`alter role ${role} createdb`) as string,
  });
  await askServer(`create database "${name}" owner "${role}"`);
  await restore({ database: name }, as);
  expect(await databaseNamed(name).query('select count(*)::int as n from orders')).toEqual([{ n: 1000 }]);
});

/** A server of the test's own. */
async function ownServer(
  parentFolder?: string,
): Promise<{ cluster: Cluster; postgres: Partial<PostgresEndpoint> }> {
  const cluster = await startCluster({ tcp: true, ...(parentFolder !== undefined && { parentFolder }) });
  onTestFinished(() => cluster.stop());
  return { cluster, postgres: { host: cluster.socketFolder, port: cluster.port, user: cluster.user } };
}

const ways = [
  { what: 'custom', dump: {} },
  { what: 'directory', dump: { format: 'directory', jobs: 2 } },
] as const;

describe('a disk that runs full in the middle', () => {
  let large: TestDatabase;
  const dumpedLarge = dumpsOf(() => large);

  beforeAll(async () => {
    large = await createDatabase(services);
    await large.query(`
      create table photos (n int, data text);
      alter table photos alter data set storage external;
      insert into photos select n, repeat('photo', 1000000) from generate_series(1, 6) n;
      create table orders (id int primary key)`);
  });

  afterAll(async () => {
    await dropDatabase(services, large);
  });

  test.for(ways)('is named: $what', async ({ dump }, { skip }) => {
    const folder = await temporaryFolder('disk');
    const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=120m,mode=1777', 'tmpfs', folder]).catch(
      () => undefined,
    );
    skip(mounted === undefined, 'mounting is not permitted here');
    onTestFinished(() => run('umount', ['--lazy', folder]).then(() => undefined));
    const { postgres } = await ownServer(folder);
    const { store, manifest } = await dumpedLarge(dump);
    await changeManifest(store, manifest, (old) => ({ ...old, server: { ...old.server, databaseBytes: 1 } }));
    const runId = newRunId();
    const { bavail, bsize } = await statfs(folder);
    await run('fallocate', ['-l', String(Math.max(1, bavail * bsize - 16_000_000)), join(folder, 'more')]);
    await expect(
      restore({ database: newName(), jobs: 2 }, { store, of: large, runId, postgres }),
    ).rejects.toMatchObject({ code: 'space-missing' });
    await expectNothingLeft(runId);
  });
});

test.for(ways)('a server that is killed in the middle is named: $what', async ({ dump }) => {
  const { postgres, cluster } = await ownServer();
  const { store } = await dumped(dump);
  const runId = newRunId();
  const pid = Number((await readFile(join(cluster.folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  let isKilled = false;
  await expect(
    restore(
      { database: newName(), jobs: 2 },
      {
        store,
        of: database,
        runId,
        postgres,
        onPhase: (text) => {
          // A table is there, its indexes and other tables are not.
          if (!isKilled && text.startsWith('loading rows')) isKilled = process.kill(pid, 'SIGQUIT');
        },
      },
    ),
  ).rejects.toMatchObject({ code: 'postgres-connection-lost' });
  await expectNothingLeft(runId);
});

const phases = [
  'choosing the artifact',
  'looking at the target',
  'reading the contents',
  'creating the database',
  'loading rows',
  'building',
  'analyzing',
  'looking at the restored database',
];

test.for([
  ...ways.flatMap((way) => phases.map((phase) => ({ ...way, jobs: 2, phase }))),
  ...['building', 'analyzing'].map((phase) => ({ what: 'custom, one process', dump: {}, jobs: 1, phase })),
])('a signal ends it while it says "$phase": $what', async ({ dump, jobs, phase }) => {
  const { store } = await dumped(dump);
  const runId = newRunId();
  const abort = new AbortController();
  const reason = new Error('enough');
  const said: string[] = [];
  const onPhase = (text: string): void => {
    said.push(text);
    if (!text.startsWith(phase) || abort.signal.aborted) return;
    setImmediate(() => {
      abort.abort(reason);
    });
  };
  await expect(
    restore({ database: newName(), jobs }, { store, of: database, runId, signal: abort.signal, onPhase }),
  ).rejects.toBe(reason);
  // The next may have begun by then; what follows it has not.
  const later = phases.slice(phases.indexOf(phase) + 2);
  expect(said.filter((text) => later.some((one) => text.startsWith(one)))).toEqual([]);
  await expectNothingLeft(runId);
});
