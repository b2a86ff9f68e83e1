import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, inject, test } from 'vitest';
import type { TestDatabase } from '../../services/database.ts';
import { largeTable } from '../../fixtures/large-table.ts';
import { fakePrograms, realProgram } from '../dump/fake.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { plainDump } from '../dump/stock-tools.ts';
import type { Said } from '../task/attempt.ts';
import {
  dumpInto,
  expectNothingLeft,
  folderStore,
  newDatabase,
  newName,
  newRunId,
  restore,
} from './restored.ts';

const services = inject('services');

/** Two tables with indexes, of which the first is small. */
const twoTables = `
  create table a_first as select n, md5(n::text) as text from generate_series(1, 100) n;
  ${largeTable('z_last', 8_000_000)}
  alter table a_first add primary key (n);
  create index a_text on a_first (text);
  create index z_n on z_last (n);
  create table b_items (n int references a_first, at int) partition by range (at);
  create table b_items_1 partition of b_items for values from (0) to (10);
  create index on b_items (at);
  insert into b_items select n, n % 10 from generate_series(1, 100) n;
  create materialized view totals as select count(*) from a_first;
  comment on index a_text is 'by text'`;

/**
 * A zstd that, when it unpacks the whole dump, keeps its second half back until a file says that an index is being
 * built; with a limit, after which it goes on. Before that one the contents are read.
 */
async function patientZstd(): Promise<{ path: string; go: string }> {
  const folder = await temporaryFolder('zstd');
  const go = `${folder}/go`;
  const path = await fakePrograms(folder, {
    zstd: `mkdir "${folder}/contents" 2>/dev/null && exec /usr/bin/zstd "$@"
/usr/bin/zstd "$@" | { head -c 4000000; for n in {1..1200}; do [ -e "${go}" ] && break; sleep 0.05; done; exec cat; }`,
  });
  return { path, go };
}

/** Restores a dump of the database, whose later rows come when a phase says the words. */
async function restoreHeldUntil(words: string, source: TestDatabase): Promise<{ name: string; said: Said }> {
  const store = await folderStore();
  await dumpInto(store, source);
  const { path, go } = await patientZstd();
  const name = newName();
  const onPhase = (text: string): void => {
    if (text.includes(words)) writeFileSync(go, '');
  };
  const { said } = await restore({ database: name, jobs: 2 }, { store, of: source, path, onPhase });
  return { name, said };
}

test('indexes of a table are built while the rows of the next are still on their way', async () => {
  const source = await newDatabase(twoTables);
  const { name, said } = await restoreHeldUntil('building index public.a_text ', source);
  expect(said.notes).toContain(
    'rows are loaded as they are read, by one process; indexes and constraints beside and after them, 2 at a time',
  );
  const building = said.phases.findIndex((phase) => phase.startsWith('building '));
  const loaded = said.phases.indexOf('loading rows: 3 of 3 tables');
  expect(building).toBeGreaterThan(-1);
  expect(loaded).toBeGreaterThan(building);
  // Each once, however many passes it took.
  const built = said.phases.filter((phase) => phase.startsWith('building '));
  expect(new Set(built).size).toBe(built.length);
  expect(built.at(-1)).toContain(`(${built.length} of ${built.length})`);
  expect(await plainDump(services, name)).toBe(await plainDump(services, source.name));
});

test('a foreign key is made when both tables and the key are there, before the rows of a third', async () => {
  const source = await newDatabase(
    `${twoTables}; create table a_second (n int references a_first); insert into a_second values (1)`,
  );
  const { name, said } = await restoreHeldUntil('a_second_n_fkey', source);
  const made = said.phases.findIndex((phase) => phase.includes('a_second_n_fkey'));
  expect(said.phases.indexOf('loading rows: 4 of 4 tables')).toBeGreaterThan(made);
  expect(made).toBeGreaterThan(said.phases.findIndex((phase) => phase.includes('a_first_pkey')));
  expect(await plainDump(services, name)).toBe(await plainDump(services, source.name));
});

test('an index for which the disk has no room ends the restore at once, and is named', async () => {
  const source = await newDatabase(`${twoTables};
    create function broken(text) returns int language plpgsql immutable as
      $$ begin if current_database() <> '%SOURCE%' then raise exception 'could not extend file'; end if; return 1; end $$`);
  await source.query(
    `do $do$ begin execute replace(pg_get_functiondef('broken(text)'::regprocedure), '%SOURCE%', current_database()); end $do$;
     create index a_broken on a_first (broken(text))`,
  );
  const store = await folderStore();
  await dumpInto(store, source);
  const { path } = await patientZstd();
  const runId = newRunId();
  const phases: string[] = [];
  const onPhase = (text: string): void => void phases.push(text);
  await expect(
    restore({ database: newName(), jobs: 2 }, { store, of: source, runId, path, onPhase }),
  ).rejects.toMatchObject({ code: 'space-missing', message: expect.stringContaining('a_broken') as string });
  // The rows of the last table are kept back: nothing waited for them.
  expect(phases).not.toContain('loading rows: 3 of 3 tables');
  await expectNothingLeft(runId);
});

/** Clients of which pg_restore notes each time that it begins. */
async function countedClients(): Promise<{ readonly folder: string; begun(): Promise<number> }> {
  const parent = await temporaryFolder('clients');
  const log = `${parent}/begun`;
  const names = ['pg_dump', 'pg_restore', 'psql', 'vacuumdb'];
  const scripts = names.map(async (name) => {
    const real = await realProgram(services.postgres.major, name);
    return [name, `${name === 'pg_restore' ? `echo >>"${log}"; ` : ''}exec "${real}" "$@"`] as const;
  });
  const folder = await fakePrograms(parent, Object.fromEntries(await Promise.all(scripts)));
  return { folder, begun: async () => (await readFile(log, 'utf8')).length };
}

test.for([
  ['of a small dump', ''],
  ['whose rows are there before those of a large one', largeTable('z_last', 8_000_000)],
] as const)('many tables %s take a few processes, not one each', async ([, more]) => {
  const names = Array.from({ length: 60 }, (_, number) => `t${String(number)}`);
  const source = await newDatabase(
    `${names.map((name) => `create table ${name} (id int primary key); insert into ${name} values (1)`).join(';\n')}; ${more}`,
  );
  const store = await folderStore();
  await dumpInto(store, source);
  const clients = await countedClients();
  const { path, go } = await patientZstd();
  const name = newName();
  await restore(
    { database: name, jobs: 2, 'client-folder': clients.folder },
    {
      store,
      of: source,
      ...(more !== '' && { path }),
      onPhase: (text) => {
        // The last of them by name: the rows of the large one are kept back until it is built.
        if (text.startsWith('building') && text.includes('t9_pkey')) writeFileSync(go, '');
      },
    },
  );
  expect(await clients.begun()).toBeLessThan(more === '' ? 5 : 20);
  expect(await plainDump(services, name)).toBe(await plainDump(services, source.name));
});
