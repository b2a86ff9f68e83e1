import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { holdCreation } from '../../../src/postgres/creation-hold.ts';
import { largeTable } from '../../fixtures/large-table.ts';
import { copyDatabase, createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { fakePrograms, realProgram } from '../dump/fake.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { expectEqual } from '../dump/stock-tools.ts';
import { openSession } from '../postgres/session.ts';
import {
  changeManifest,
  databaseNamed,
  dumpInto,
  dumpsOf,
  folderStore,
  newDatabase,
  newName,
  restore,
  type Dumped,
} from './restored.ts';

const services = inject('services');
const run = promisify(execFile);

/** Client programs of which pg_restore keeps what it said in a file. */
async function listeningClient(): Promise<{ folder: string; said: () => Promise<string> }> {
  const parent = await temporaryFolder('client');
  const log = join(parent, 'said');
  const scripts: Record<string, string> = {};
  const { major } = services.postgres;
  for (const name of ['pg_dump', 'pg_dumpall', 'psql', 'vacuumdb', 'pg_restore']) {
    const real = await realProgram(major, name);
    scripts[name] =
      name === 'pg_restore' ? `exec "${real}" "$@" 2> >(tee -a "${log}" >&2)` : `exec "${real}" "$@"`;
  }
  const folder = await fakePrograms(parent, scripts);
  await writeFile(log, '');
  await chmod(log, 0o666);
  return { folder, said: async () => (await run('cat', [log])).stdout };
}

/** Recent minor releases read the tables of a directory dump from regular files only. */
const onlyFiles = 'this pg_restore reads regular files only';

async function readsFilesOnly(): Promise<boolean> {
  const program = await readFile(await realProgram(services.postgres.major, 'pg_restore'));
  return program.includes('is not a regular file');
}

const directory = { format: 'directory', jobs: 2 } as const;
const megabyte = 1_000_000;
const byTheirSize = ['c_largest', 'b_middle', 'a_small'];
let database: TestDatabase;
const dumped = dumpsOf(() => database);

beforeAll(async () => {
  database = await createDatabase(services);
  await database.query(`
    ${largeTable('a_small', 5 * megabyte)}
    ${largeTable('b_middle', 6 * megabyte)}
    ${largeTable('c_largest', 9 * megabyte)}
    create table tiny as select 1 as x`);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

/** Tables whose rows pg_restore began to load, but the tiny one, in that order. */
async function loadingOrder({ store }: Dumped, of: TestDatabase): Promise<readonly (string | undefined)[]> {
  const client = await listeningClient();
  const name = newName();
  await restore({ database: name, jobs: 2, 'client-folder': client.folder }, { store, of });
  const sums = byTheirSize.map((table) => `select md5(data) from ${table}`).join(' union all ');
  const searched = `set search_path to public, large; ${sums}`;
  expect(await databaseNamed(name).query(searched)).toEqual(await of.query(searched));
  const launched = (await client.said()).matchAll(/launching item \d+ TABLE DATA (\S+)/g);
  return [...launched].map(([, table]) => table).filter((table) => table !== 'tiny');
}

describe('the largest table is begun first', () => {
  test('in a schema that every database has', async () => {
    expect(await loadingOrder(await dumped(directory), database)).toEqual(byTheirSize);
  });

  test('in a schema that does not exist yet', async () => {
    const moved = await copyDatabase(services, database);
    onTestFinished(() => dropDatabase(services, moved));
    await moved.query(`create schema large;
      ${byTheirSize.map((table) => `alter table ${table} set schema large;`).join(' ')}`);
    const store = await folderStore();
    const manifest = await dumpInto(store, moved, directory);
    expect(await loadingOrder({ store, manifest }, moved)).toEqual(byTheirSize);
  });

  test('but in the order of the dump without the hold', async ({ skip }) => {
    skip(await readsFilesOnly(), onlyFiles);
    const { store, manifest } = await dumped(directory);
    // A table that the manifest does not name cannot be held.
    await changeManifest(store, manifest, (old) => ({
      ...old,
      fingerprint: { ...old.fingerprint, tables: [] },
    }));
    const order = await loadingOrder({ store, manifest }, database);
    expect(order.toSorted()).toEqual(byTheirSize.toSorted());
    expect(order[0]).not.toBe('c_largest');
  });
});

test('rows of large tables never touch the scratch folder', async ({ skip }) => {
  skip(await readsFilesOnly(), onlyFiles);
  const { store } = await dumped(directory);
  const scratch = await temporaryFolder('scratch');
  const log = join(await temporaryFolder('usage'), 'usage');
  // Each zstd that unpacks a table tells the disk that the scratch folder takes, once it has unpacked it.
  const fakes = await fakePrograms(await temporaryFolder('fakes'), {
    zstd: `/usr/bin/zstd "$@"; status=$?; du -s -B1 "${scratch}" >> "${log}"; exit $status`,
  });
  await restore({ database: newName(), jobs: 2, scratch }, { store, of: database, path: fakes });
  const usage = (await run('cat', [log])).stdout
    .trim()
    .split('\n')
    .map((line) => Number.parseInt(line, 10));
  expect(usage.length).toBeGreaterThanOrEqual(3);
  expect(Math.max(...usage)).toBeLessThan(megabyte);
});

test.each([2, 1])(
  'a pg_restore that refuses FIFOs has the large tables as files (jobs: %i)',
  async (jobs) => {
    const real = await realProgram(services.postgres.major, 'pg_restore');
    const refuses = `for word; do [ -d "$word" ] && fifo=$(find "$word" -type p | head -n 1) && [ -n "$fifo" ] &&
    { echo "pg_restore: error: could not open input file: \\"$fifo\\" is not a regular file" >&2; exit 1; }; done
    exec "${real}" "$@"`;
    const others = await Promise.all(
      ['pg_dump', 'pg_dumpall', 'psql', 'vacuumdb'].map(
        async (name) => [name, `exec "${await realProgram(services.postgres.major, name)}" "$@"`] as const,
      ),
    );
    const scripts = { ...Object.fromEntries(others), pg_restore: refuses };
    const client = await fakePrograms(await temporaryFolder('client'), scripts);
    const { store } = await dumped(directory);
    const name = newName();
    const { said } = await restore(
      { database: name, jobs, 'client-folder': client },
      { store, of: database },
    );
    expect(said.phases.find((text) => text.startsWith('unpacking 3 large tables'))).toBeDefined();
    await expectEqual(services, name, database.name);
  },
);

test('hundreds of tables by eight jobs, whose words mix: every one is loaded', async () => {
  const source = await newDatabase(`
    do $$ begin for i in 1..200 loop
      execute format('create table t%s as select n, md5(n::text) as x from generate_series(1, 50) n', i);
    end loop; end $$;
    ${Array.from({ length: 2 }, (_, index) => largeTable(`l${index}`)).join('\n')}`);
  const store = await folderStore();
  await dumpInto(store, source, { ...directory, compress: 'none' });
  const name = newName();
  const { said } = await restore({ database: name, jobs: 8 }, { store, of: source });
  expect(said.phases).toContain('loading rows: 202 of 202 tables');
  await expectEqual(services, name, source.name);
});

test('a held table waits, and leaves nothing behind; one that cannot be held is said', async () => {
  const target = await newDatabase('create table there (x int)');
  await using session = await openSession(services, target.name);
  expect(await holdCreation(session, { schema: 'public', name: 'there' })).toBeUndefined();
  const hold = await holdCreation(session, { schema: 'public', name: 'a "b" c' });
  let isMade = false;
  const made = databaseNamed(target.name)
    .query('create table "a ""b"" c" (x int)')
    .then(() => (isMade = true));
  await expect
    .poll(() =>
      target.query(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      ),
    )
    .toHaveLength(1);
  expect(isMade).toBe(false);
  await hold?.release();
  await made;
});
