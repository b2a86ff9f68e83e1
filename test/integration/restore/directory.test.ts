import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import { holdCreation } from '../../../src/postgres/creation-hold.ts';
import { fakePrograms, realProgram } from '../dump/fake.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { plainDump } from '../dump/stock-tools.ts';
import { openSession } from '../postgres/session.ts';
import {
  changeManifest,
  databaseNamed,
  dumpInto,
  folderStore,
  newDatabase,
  newName,
  restore,
} from './restored.ts';

const services = inject('services');
const run = promisify(execFile);

/** SQL that makes a table of so many MB of text that hardly compresses. */
function large(table: string, megabytes: number): string {
  return `create table ${table} as select n, string_agg(md5((n * m)::text), '') as data
    from generate_series(1, ${megabytes}) n, generate_series(1, 32000) m group by n;`;
}

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

const orders = [
  { what: 'in a schema that every database has', schema: 'public', isHeld: true },
  { what: 'in a schema that does not exist yet', schema: 'large', isHeld: true },
  { what: 'without the hold, in the order of the dump', schema: 'public', isHeld: false },
];

test.for(orders)('the largest table is begun first: $what', async ({ schema, isHeld }) => {
  const source = await newDatabase(`
    create schema large;
    ${large(`${schema}.a_small`, 5)} ${large(`${schema}.b_middle`, 6)} ${large(`${schema}.c_largest`, 9)}
    create table tiny as select 1 as x`);
  const store = await folderStore();
  const manifest = await dumpInto(store, source, { format: 'directory', jobs: 2 });
  // A table that the manifest does not name cannot be held.
  if (!isHeld) {
    await changeManifest(store, manifest, (old) => ({
      ...old,
      fingerprint: { ...old.fingerprint, tables: [] },
    }));
  }
  const client = await listeningClient();
  const name = newName();
  await restore({ database: name, jobs: 2, 'client-folder': client.folder }, { store, of: source });
  const launched = [...(await client.said()).matchAll(/launching item \d+ TABLE DATA (\S+)/g)].map(
    ([, table]) => table,
  );
  const big = launched.filter((table) => table !== 'tiny');
  expect(big).toEqual(
    isHeld
      ? ['c_largest', 'b_middle', 'a_small']
      : expect.arrayContaining(['a_small', 'b_middle', 'c_largest']),
  );
  if (!isHeld) expect(big[0]).not.toBe('c_largest');
  expect(await plainDump(services, name)).toBe(await plainDump(services, source.name));
});

test('rows of large tables never touch the scratch folder', async () => {
  const source = await newDatabase(
    `${large('one', 12)} ${large('two', 12)} create table tiny as select 1 as x`,
  );
  const store = await folderStore();
  await dumpInto(store, source, { format: 'directory', jobs: 2 });
  const scratch = await temporaryFolder('scratch');
  const log = join(await temporaryFolder('usage'), 'usage');
  // Each zstd that unpacks a table tells the disk that the scratch folder takes, once it has unpacked it.
  const fakes = await fakePrograms(await temporaryFolder('fakes'), {
    zstd: `/usr/bin/zstd "$@"; status=$?; du -s -B1 "${scratch}" >> "${log}"; exit $status`,
  });
  await restore({ database: newName(), jobs: 2, scratch }, { store, of: source, path: fakes });
  const usage = (await run('cat', [log])).stdout
    .trim()
    .split('\n')
    .map((line) => Number.parseInt(line, 10));
  expect(usage.length).toBeGreaterThanOrEqual(2);
  expect(Math.max(...usage)).toBeLessThan(1_000_000);
});

test(
  'hundreds of tables by eight jobs, whose words mix: every one is loaded',
  { timeout: 120_000 },
  async () => {
    const source = await newDatabase(`
    do $$ begin for i in 1..300 loop
      execute format('create table t%s (id serial primary key, x text)', i);
      execute format('insert into t%s (x) select md5(n::text) from generate_series(1, 50) n', i);
    end loop; end $$;
    ${Array.from({ length: 6 }, (_, index) => large(`l${index}`, 5)).join('\n')}`);
    const store = await folderStore();
    await dumpInto(store, source, { format: 'directory', jobs: 2, compress: 'none' });
    const name = newName();
    const { said } = await restore({ database: name, jobs: 8 }, { store, of: source });
    expect(said.phases).toContain('loading rows: 306 of 306 tables');
    expect(await plainDump(services, name)).toBe(await plainDump(services, source.name));
  },
);

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
