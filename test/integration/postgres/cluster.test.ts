import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { startCluster, type Cluster } from '../../../src/postgres/cluster.ts';

const clusterModule = new URL('../../../src/postgres/cluster.ts', import.meta.url).href;
let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

async function ask(config: pg.ClientConfig, sql: string): Promise<unknown> {
  const client = new pg.Client({ database: 'postgres', ...config });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const result = await client.query<{ answer: unknown }>(sql);
    return result.rows[0]?.answer;
  } finally {
    await client.end();
  }
}

test('a cluster answers on its socket without a password, stays until it is stopped, and leaves nothing then', async () => {
  cluster = await startCluster({ settings: { work_mem: '7MB' } });
  const { socketFolder, port, user, folder } = cluster;
  const login = { host: socketFolder, port, user };
  expect(await ask(login, 'select 6 * 7 as answer')).toBe(42);
  expect(await ask(login, "select current_setting('work_mem') as answer")).toBe('7MB');
  expect(await ask(login, "select current_setting('listen_addresses') as answer")).toBe('');
  expect((await stat(folder)).mode & 0o077).toBe(0);
  expect(await ask(login, 'select pg_sleep(2)::text as answer')).toBe('');
  // An open session is not waited for.
  const outcome = expect(ask(login, 'select pg_sleep(600)')).rejects.toThrow(/terminat/);
  const sleeping =
    "select count(*)::int as answer from pg_stat_activity where query = 'select pg_sleep(600)'";
  await expect.poll(() => ask(login, sleeping)).toBe(1);
  await Promise.all([cluster.stop(), cluster.stop()]);
  await outcome;
  await expect(access(folder)).rejects.toThrow('ENOENT');
});

test('over TCP the password is asked for and a wrong one refused', async () => {
  cluster = await startCluster({ tcp: true });
  const { port, user, password } = cluster;
  expect(await ask({ host: '127.0.0.1', port, user, password }, 'select 1 as answer')).toBe(1);
  await expect(
    ask({ host: '127.0.0.1', port, user, password: 'wrong' }, 'select 1 as answer'),
  ).rejects.toThrow('password authentication failed');
});

test('a setting that Postgres refuses fails with its own words and leaves no folder', async () => {
  const parentFolder = await mkdtemp(join(tmpdir(), 'cluster-test-'));
  await chmod(parentFolder, 0o777);
  try {
    await expect(startCluster({ parentFolder, settings: { no_such_setting: '1' } })).rejects.toMatchObject({
      code: 'cluster-start',
      message: expect.stringContaining('unrecognized configuration parameter "no_such_setting"') as string,
    });
    expect(await readdir(parentFolder)).toEqual([]);
  } finally {
    await rm(parentFolder, { recursive: true });
  }
});

test('a major that is not installed is named, with those that are', async () => {
  await expect(startCluster({ major: 7 })).rejects.toMatchObject({
    code: 'tool-missing',
    message: expect.stringMatching(/major 7 is installed on this host \(found \d+/) as string,
  });
});

test('a cluster whose owner is killed is gone with its folder', async () => {
  const script = `
    import { startCluster } from ${JSON.stringify(clusterModule)};
    const cluster = await startCluster();
    process.stdout.write(cluster.folder);
    setInterval(() => undefined, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [folder] = (await once(owner.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(await ask({ host: folder, port: 5432, user: 'postgres' }, 'select 1 as answer')).toBe(1);
  owner.kill('SIGKILL');
  await expect
    .poll(() =>
      access(folder).then(
        () => 'there',
        () => 'gone',
      ),
    )
    .toBe('gone');
});

test('a server is ended also when the shell has lost the process that hears of its end', async () => {
  const server = await startCluster();
  const { folder } = server;
  const shell = (await pidsWith(`run-plan-cluster\0${folder}\0`)).at(0);
  const children = await readFile(`/proc/${shell ?? ''}/task/${shell ?? ''}/children`, 'utf8');
  const [, reader = 0] = children.trim().split(' ').map(Number);
  process.kill(reader, 'SIGKILL');
  await server.stop();
  await expect(access(folder)).rejects.toThrow('ENOENT');
  await expect.poll(() => pidsWith(folder), { timeout: 60_000 }).toEqual([]);
});

/** Processes whose command lines hold a text, the oldest first. */
async function pidsWith(text: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const lines = await Promise.all(
    pids.map(async (pid) => ({ pid, line: await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') })),
  );
  return lines.filter(({ line }) => line.includes(text)).map(({ pid }) => pid);
}
