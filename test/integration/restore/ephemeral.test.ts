import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readdir } from 'node:fs/promises';
import { expect, inject, test } from 'vitest';
import { startLoadingCluster } from '../../../src/postgres/loading-cluster.ts';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { openSession } from '../postgres/session.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { dumpInto, folderStore, newDatabase } from './restored.ts';

const services = inject('services');
const module = new URL('../../../src/postgres/loading-cluster.ts', import.meta.url).href;

function isGone(folder: string): Promise<boolean> {
  return access(folder).then(
    () => false,
    () => true,
  );
}

test('a throw-away cluster is tuned for loading and gone after its stop', async () => {
  const cluster = await startLoadingCluster(services.postgres.major, new AbortController().signal);
  const { host, port, user } = cluster.postgres;
  const there = { ...services, postgres: { ...services.postgres, host, port, user } };
  const session = await openSession(there, 'postgres');
  const rows = await session.query<{ name: string; setting: string }>(
    "select name, setting from pg_settings where name in ('fsync', 'wal_level', 'autovacuum', 'full_page_writes')",
  );
  expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
    fsync: 'off',
    wal_level: 'minimal',
    autovacuum: 'off',
    full_page_writes: 'off',
  });
  await session.close();
  await cluster.stop();
  expect(await isGone(host)).toBe(true);
});

test('a throw-away cluster whose owner is killed is gone', async () => {
  const script = `
    import { startLoadingCluster } from ${JSON.stringify(module)};
    const { postgres } = await startLoadingCluster(undefined, new AbortController().signal);
    process.stdout.write(postgres.host);
    setInterval(() => undefined, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [folder] = (await once(owner.stdout.setEncoding('utf8'), 'data')) as [string];
  owner.kill('SIGKILL');
  await expect.poll(() => isGone(folder)).toBe(true);
});

test('an environment that is ephemeral gets a cluster of its own, which refuses nothing as the same server; nothing stays of it', async () => {
  const source = await newDatabase('create table t as select generate_series(1, 7) as x');
  const store = await folderStore();
  const manifest = await dumpInto(store, source);
  const prod = environmentFor(services, source.name, store.settings);
  const scratch = await temporaryFolder('scratch');
  const { result, said } = await attempt(
    postgresRestore,
    { from: 'test', scratch },
    {
      environment: { name: 'scratch', protected: false, ephemeral: true },
      others: [{ environment: prod, repository: store.repository }],
      repository: store.repository,
      password: services.postgres.password,
    },
  );
  expect(result.outputs).toEqual({ artifact: manifest.name, database: source.name });
  expect(said.notes).toContainEqual(expect.stringMatching(/^a throw-away cluster answers in \//));
  expect(await isGone(result.restored?.postgres.host ?? '/')).toBe(true);
  expect(await readdir(scratch)).toEqual([]);
});
