import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { listArtifacts } from '../../../src/artifact/store.ts';
import { largeTable } from '../../fixtures/large-table.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { fakePrograms } from '../dump/fake.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { plainDump } from '../dump/stock-tools.ts';
import {
  commentOf,
  databaseNamed,
  dumpInto,
  dumpsOf,
  expectNothingLeft,
  folderStore,
  newDatabase,
  newName,
  newRunId,
  restore,
} from './restored.ts';

const services = inject('services');
let database: TestDatabase;
const dumped = dumpsOf(() => database);
let original: string;

beforeAll(async () => {
  database = await createDatabase(services);
  await database.query(`
    create table orders (id serial primary key, note text);
    insert into orders (note) select md5(n::text) from generate_series(1, 2000) n;
    ${largeTable('photos')}
    create table events (id int, at int, primary key (id, at)) partition by range (at);
    create table events_1 partition of events for values from (0) to (10);
    create table events_2 partition of events for values from (10) to (20);
    insert into events select n, n % 20 from generate_series(1, 100) n;
    create index on events (at);
    create index orders_note on orders (note);
    create table items (order_id int references orders, n int);
    create materialized view totals as select count(*) from items;
    select lo_from_bytea(0, 'photo')`);
  original = await plainDump(services, database.name);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

const directory = { format: 'directory', jobs: 2 } as const;
// Indexes of a parallel restore are built while other tables are loaded: in its middle not every row is there.
const ways = [
  { what: 'custom', dump: {}, jobs: 2, breakAt: /^building index attach / },
  { what: 'custom, one process', dump: {}, jobs: 1, breakAt: /^building .* \(3 of/ },
  { what: 'directory', dump: directory, jobs: 2, breakAt: /^analyzing$/ },
  { what: 'directory, one process', dump: directory, jobs: 1, breakAt: /^building .* \(3 of/ },
] as const;

/** Where each row lies and which transaction wrote it: others when it was loaded anew. */
async function rowsOf(name: string): Promise<unknown> {
  return databaseNamed(name).query('select ctid::text, xmin::text from orders order by ctid');
}

test.for(ways)('broken off while indexes are built, it goes on with them alone: $what', async (way) => {
  const { store } = await dumped(way.dump);
  const name = newName();
  const runId = newRunId();
  const abort = new AbortController();
  const reason = new Error('enough');
  await expect(
    restore(
      { database: name, jobs: way.jobs },
      {
        store,
        of: database,
        runId,
        signal: abort.signal,
        onPhase: (text) => {
          if (way.breakAt.test(text)) abort.abort(reason);
        },
      },
    ),
  ).rejects.toBe(reason);
  await expectNothingLeft(runId);
  expect(JSON.parse((await commentOf(name))?.replace('run-plan restore ', '') ?? '{}')).toMatchObject({
    state: 'loaded',
    runId,
    partial: null,
  });
  // As a restore leaves it that breaks between building a partition's index and attaching it, before any sequence is set.
  await databaseNamed(name).query(
    `drop index if exists events_at_idx;
     create index if not exists events_1_at_idx on events_1 (at);
     select setval('orders_id_seq', 1)`,
  );
  const rows = await rowsOf(name);

  const { said } = await restore({ database: name, jobs: way.jobs, resume: true }, { store, of: database });
  expect(said.notes).toContain(`every row of ${name} is there; going on with indexes and constraints`);
  expect(await rowsOf(name)).toEqual(rows);
  expect(await plainDump(services, name)).toBe(original);
  expect(await commentOf(name)).toBeNull();
  // Only who has read every byte may call an artifact verified.
  const [artifact] = await listArtifacts(store.repository);
  expect(artifact?.state === 'verified').toBe(way.dump !== directory);
});

test.for(ways)('broken off while rows are loaded, it begins anew: $what', async (way) => {
  const { store } = await dumped(way.dump);
  const name = newName();
  const abort = new AbortController();
  const reason = new Error('enough');
  await expect(
    restore(
      { database: name, jobs: way.jobs },
      {
        store,
        of: database,
        signal: abort.signal,
        onPhase: (text) => {
          if (text.startsWith('loading rows: 1 of ')) abort.abort(reason);
        },
      },
    ),
  ).rejects.toBe(reason);
  expect(await commentOf(name)).toContain('"state":"loading"');
  const { said } = await restore({ database: name, jobs: way.jobs, resume: true }, { store, of: database });
  expect(said.notes).toContain(`rows of ${name} may be missing; beginning anew`);
  expect(await plainDump(services, name)).toBe(original);
});

test.for(ways)(
  'rows that the server refused are not there, whatever is built after them: $what',
  async (way) => {
    const picky = await newDatabase(`
    create function may_load() returns boolean language sql as $$ select current_database() not like 'restored%' $$;
    create table customers (id int primary key, name text check (public.may_load()));
    insert into customers values (1, 'a');
    create table orders (id int primary key, at int);
    insert into orders values (1, 1);
    create index on orders (at)`);
    const store = await folderStore();
    await dumpInto(store, picky, way.dump);
    const name = newName();
    await expect(restore({ database: name, jobs: way.jobs }, { store, of: picky })).rejects.toMatchObject({
      where: 'TABLE DATA customers',
    });
    expect(await commentOf(name)).toContain('"state":"loading"');
  },
);

test('in one transaction no row counts as loaded before its end', async () => {
  const { store } = await dumped(directory);
  const name = newName();
  const abort = new AbortController();
  await expect(
    restore(
      { database: name, 'single-transaction': true },
      {
        store,
        of: database,
        signal: abort.signal,
        onPhase: (text) => {
          if (text.startsWith('building ')) abort.abort(new Error('enough'));
        },
      },
    ),
  ).rejects.toThrow('enough');
  expect(await commentOf(name)).toContain('"state":"loading"');
});

test('a part that was loaded is not taken for the whole', async () => {
  const { store } = await dumped();
  const name = newName();
  const abort = new AbortController();
  await expect(
    restore(
      { database: name, 'schema-only': true },
      {
        store,
        of: database,
        signal: abort.signal,
        onPhase: (text) => {
          if (text === 'looking at the restored database') abort.abort(new Error('enough'));
        },
      },
    ),
  ).rejects.toThrow('enough');
  const { said } = await restore({ database: name, resume: true }, { store, of: database });
  expect(said.notes).toContain(`${name} was to hold another part; beginning anew`);
  expect(await plainDump(services, name)).toBe(original);
});

test('what is not an unfinished restore of this artifact is never touched', async () => {
  const { store, manifest } = await dumped();
  const foreign = await newDatabase('create table precious (x int); insert into precious values (1)');
  for (const comment of [
    'mine',
    'run-plan restore nonsense',
    `run-plan restore ${JSON.stringify({ artifact: manifest.name, manifestSha256: '0', runId: 'x', partial: null, state: 'loading' })}`,
  ]) {
    await foreign.query(`comment on database "${foreign.name}" is '${comment}'`);
    await expect(
      restore({ database: foreign.name, resume: true }, { store, of: database }),
    ).rejects.toMatchObject({ code: 'target-refused' });
    expect(await foreign.query('select x from precious')).toEqual([{ x: 1 }]);
  }
});

test('rows without the large objects are not all that was stored: the restore begins anew', async () => {
  const source = await newDatabase(
    "create table orders (id int primary key); insert into orders values (1); select lo_from_bytea(0, 'photo')",
  );
  const store = await folderStore();
  await dumpInto(store, source, directory);
  // Unpacks the tables, and keeps the large objects back until it is ended.
  const folder = await temporaryFolder('zstd');
  const path = await fakePrograms(folder, {
    zstd: `mkdir "${folder}/tables" 2>/dev/null && exec /usr/bin/zstd "$@"\nexec sleep 600`,
  });
  const name = newName();
  const abort = new AbortController();
  const reason = new Error('enough');
  const options = { store, of: source, path, signal: abort.signal };
  const onPhase = (text: string): void => {
    if (text.startsWith('building ')) abort.abort(reason);
  };
  await expect(restore({ database: name, jobs: 2 }, { ...options, onPhase })).rejects.toBe(reason);
  expect(JSON.parse((await commentOf(name))?.replace('run-plan restore ', '') ?? '{}')).toMatchObject({
    state: 'loading',
  });
  await restore({ database: name, jobs: 2, resume: true }, { store, of: source });
  expect(await plainDump(services, name)).toBe(await plainDump(services, source.name));
});
