import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { startCluster } from '../../../src/postgres/cluster.ts';
import type { PostgresRestoreParameters } from '../../../src/language/generated/postgres-restore.types.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { realProgram } from '../dump/fake.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { libpqVariables, plainDump } from '../dump/stock-tools.ts';
import {
  databaseNamed,
  exists,
  expectNothingLeft,
  folderStore,
  newDatabase,
  newName,
  newRunId,
  restore,
} from './restored.ts';

const services = inject('services');
const run = promisify(execFile);
/** Objects of every kind, for each way of loading. */
let everyKind: TestDatabase;
/** A few rows, many enough that a half of each dump holds its contents and some of them. */
let small: TestDatabase;
let originals: ReadonlyMap<TestDatabase, string>;

beforeAll(async () => {
  [everyKind, small] = await Promise.all([createDatabase(services), createDatabase(services)]);
  await everyKind.query(await readFile(new URL('../../fixtures/every-kind.sql', import.meta.url), 'utf8'));
  await small.query(`
    create table orders (id int primary key, note text);
    insert into orders select n, md5(n::text) from generate_series(1, 5000) n`);
  originals = new Map([
    [everyKind, await plainDump(services, everyKind.name)],
    [small, await plainDump(services, small.name)],
  ]);
});

afterAll(async () => {
  for (const database of [everyKind, small]) await dropDatabase(services, database);
});

/** What a shell makes of a pg_dump (or pg_dumpall) of the database: the path of it, in a folder with a blank. */
async function madeBy(script: string, name: string, of = small.name): Promise<string> {
  const path = join(await temporaryFolder('other tool'), name);
  const { major } = services.postgres;
  await run('bash', ['-euc', `set -o pipefail; ${script}`], {
    env: {
      ...process.env,
      ...libpqVariables(services),
      PGDATABASE: of,
      OUT: path,
      DUMP: await realProgram(major, 'pg_dump'),
    },
  });
  return path;
}

async function restoreFile(path: string, parameters: PostgresRestoreParameters = {}) {
  const runId = newRunId();
  const name = parameters.database ?? newName();
  const done = restore(
    { artifact: path, database: name, ...parameters },
    { store: await folderStore(), of: small, runId },
  );
  try {
    return { ...(await done), name };
  } finally {
    await expectNothingLeft(runId);
  }
}

async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

const createRefused = {
  code: 'target-refused',
  hint: expect.stringContaining('ALLOW_CREATE_IN_DUMP=1') as string,
};

const kinds = [
  { name: 'custom.dump', script: '"$DUMP" -Fc -f "$OUT"', format: 'custom', holds: 'every kind' },
  { name: 'directory', script: '"$DUMP" -Fd -j2 -f "$OUT"', format: 'directory' },
  { name: 'tar.dump', script: '"$DUMP" -Ft -f "$OUT"', format: 'tar' },
  { name: 'tar.dump.zst', script: '"$DUMP" -Ft | zstd -q > "$OUT"', format: 'tar' },
  { name: 'text.sql', script: '"$DUMP" -f "$OUT"', format: 'sql', holds: 'every kind' },
  { name: 'text.sql.gz', script: '"$DUMP" | gzip > "$OUT"', format: 'sql' },
  { name: 'text.sql.zst', script: '"$DUMP" | zstd -q > "$OUT"', format: 'sql' },
  { name: 'custom.dump.gz', script: '"$DUMP" -Fc -Z0 | gzip > "$OUT"', format: 'custom' },
  { name: 'custom.dump.zst', script: '"$DUMP" -Fc -Z0 | zstd -q > "$OUT"', format: 'custom' },
] as const;

test.for(kinds)('$name of another tool is restored, equal in every object', async (kind) => {
  const { name, script, format } = kind;
  const of = 'holds' in kind ? everyKind : small;
  const path = await madeBy(script, name, of.name);
  const { facts, name: restored } = await restoreFile(path, { jobs: 2 });
  expect(await plainDump(services, restored)).toBe(originals.get(of));
  expect(facts).toMatchObject({ artifact: null, source: path, format, harmless: [] });
  expect(facts.sha256).toBe(format === 'directory' ? null : await sha256Of(path));
});

test.for([
  { what: 'as sha256sum writes it', text: (sum: string) => `${sum}  custom.dump\n` },
  { what: 'the sum alone, in capitals', text: (sum: string) => sum.toUpperCase() },
  { what: 'as BSD writes it', text: (sum: string) => `SHA256 (custom.dump) = ${sum}\n` },
])('a .sha256 beside it proves it: $what', async ({ text }) => {
  const path = await madeBy('"$DUMP" -Fc -f "$OUT"', 'custom.dump');
  await writeFile(`${path}.sha256`, text(await sha256Of(path)));
  const { said } = await restoreFile(path, { 'schema-only': true });
  expect(said.notes).toContainEqual(expect.stringContaining('has the sha256 that lies beside it'));
});

test.for(['0'.repeat(64), '', 'nonsense'])(
  'a .sha256 that says %j is damage, before anything is made',
  async (text) => {
    const path = await madeBy('"$DUMP" -Fc -f "$OUT"', 'custom.dump');
    await writeFile(`${path}.sha256`, text);
    const name = newName();
    await expect(restoreFile(path, { database: name })).rejects.toMatchObject({ code: 'artifact-damaged' });
    expect(await exists(name)).toBe(false);
  },
);

const cutOff = [
  ...kinds
    .filter(({ name }) => name !== 'directory')
    .map((kind) => ({ ...kind, where: 'in its rows', kept: (bytes: number) => bytes >> 1 })),
  ...kinds
    .filter(({ format }) => format === 'custom')
    .map((kind) => ({ ...kind, where: 'in its contents', kept: () => 500 })),
];

test.for(cutOff)('$name that is cut off $where is told as such', async (kind) => {
  const path = await madeBy(kind.script, kind.name);
  const { size } = await stat(path);
  // The contents of a dump come first: a half of it may be all that they need.
  await truncate(path, kind.kept(size));
  await expect(restoreFile(path)).rejects.toMatchObject({ code: 'dump-unusable' });
});

test.for([
  { what: 'an empty file', bytes: '', code: 'dump-unusable' },
  { what: 'a picture', bytes: 'GIF89a\0\0\0', code: 'dump-unusable' },
  {
    what: 'a dump of nobody',
    bytes: 'PGDMP\x01\x0e\x00\x04\x08\x01 and nothing else',
    code: 'dump-unusable',
  },
  { what: 'a dump of a newer pg_dump', bytes: 'PGDMP\x01\x63\x00\x04\x08\x01', code: 'tool-missing' },
])('$what is refused', async ({ bytes, code }) => {
  const path = join(await temporaryFolder('strange'), 'strange.dump');
  await writeFile(path, bytes, 'latin1');
  await expect(restoreFile(path)).rejects.toMatchObject({ code });
  await expect(restoreFile(`${path}.missing`)).rejects.toMatchObject({ code: 'artifact-missing' });
});

test.for([
  { what: 'text of pg_dump --create', script: '"$DUMP" --create -f "$OUT"', name: 'create.sql' },
  {
    what: 'text of pg_dump --create, compressed',
    script: '"$DUMP" --create | gzip > "$OUT"',
    name: 'create.sql.gz',
  },
])('$what is refused unless that is allowed', async ({ script, name, what }) => {
  await expect(restoreFile(await madeBy(script, name)), what).rejects.toMatchObject(createRefused);
});

test('text of pg_dumpall is refused unless that is allowed', async () => {
  // A server of its own: other tests' databases come and go while pg_dumpall goes through all of them.
  const cluster = await startCluster();
  onTestFinished(() => cluster.stop());
  const server = `PGHOST=${cluster.socketFolder} PGPORT=${String(cluster.port)} PGUSER=${cluster.user}`;
  const path = await madeBy(
    `${server} PGDATABASE=postgres ${cluster.binFolder}/pg_dumpall --no-role-passwords -f "$OUT"`,
    'all.sql',
  );
  await expect(restoreFile(path)).rejects.toMatchObject(createRefused);
});

test('a dump of pg_dump --create in the custom format goes where it is told to: pg_restore creates nothing unasked', async () => {
  const own = await newDatabase('create table t as select 1 as x');
  const path = await madeBy('"$DUMP" -Fc --create -f "$OUT"', 'create.dump', own.name);
  await own.query('update t set x = 2');
  const { name } = await restoreFile(path);
  expect(await databaseNamed(name).query('select x from t')).toEqual([{ x: 1 }]);
  expect(await own.query('select x from t')).toEqual([{ x: 2 }]);
});

test('a dump that goes into a database of its own is restored when that is allowed, by parameter or variable', async () => {
  const own = await newDatabase('create table t as select 1 as x');
  const path = await madeBy('"$DUMP" --create --clean --if-exists -f "$OUT"', 'create.sql', own.name);
  await own.query('update t set x = 2');
  await restoreFile(path, { 'allow-create-in-dump': true });
  expect(await own.query('select x from t')).toEqual([{ x: 1 }]);
  process.env['ALLOW_CREATE_IN_DUMP'] = '1';
  onTestFinished(() => {
    delete process.env['ALLOW_CREATE_IN_DUMP'];
  });
  await own.query('update t set x = 2');
  await restoreFile(path);
  expect(await own.query('select x from t')).toEqual([{ x: 1 }]);
});

test('a row that the target does not take is named with its object and context', async () => {
  const source = await newDatabase(`
    create table orders (id int, note text);
    insert into orders values (1, 'a'), (7, 'b'), (7, 'No space left on device');
    create table fine as select 1 as x`);
  const dump = await madeBy('"$DUMP" -Fc --data-only -f "$OUT"', 'rows.dump', source.name);
  const target = await newDatabase(
    'create table orders (id int primary key, note text); create table fine (x int)',
  );
  await expect(restoreFile(dump, { database: target.name, 'data-only': true })).rejects.toMatchObject({
    code: 'restore-failed',
    where: 'TABLE DATA orders',
    message: expect.stringMatching(
      /duplicate key value violates unique constraint "orders_pkey"\nDETAIL: {2}Key \(id\)=\(7\) already exists\.\nCONTEXT: {2}COPY orders, line 3/,
    ) as string,
  });
  const text = await madeBy('"$DUMP" --data-only -f "$OUT"', 'rows.sql', source.name);
  await expect(restoreFile(text, { database: target.name, replace: true })).rejects.toMatchObject({
    code: 'usage',
  });
});

test('an index that cannot be built is named with its statement', async () => {
  const path = join(await temporaryFolder('script'), 'broken.sql');
  await writeFile(
    path,
    '-- by hand\ncreate table t as select 1 as x from generate_series(1, 2);\ncreate unique index t_x on t (x);\ncreate table later (x int);\n',
  );
  const name = newName();
  await expect(restoreFile(path, { database: name })).rejects.toMatchObject({
    code: 'restore-failed',
    message: expect.stringContaining(
      'could not create unique index "t_x"\nDETAIL:  Key (x)=(1) is duplicated.',
    ) as string,
  });
  expect(await databaseNamed(name).query("select to_regclass('later')::text as later")).toEqual([
    { later: null },
  ]);
});

test('an extension that the target lacks is told before anything is made', async () => {
  const source = await newDatabase('create extension hstore');
  const dump = await madeBy('"$DUMP" -Fc -Z0 -f "$OUT"', 'extension.dump', source.name);
  // The listing of the dump names an extension that no server has.
  await writeFile(dump, (await readFile(dump, 'latin1')).replaceAll('hstore', 'hstorf'), 'latin1');
  const name = newName();
  await expect(restoreFile(dump, { database: name })).rejects.toMatchObject({
    code: 'extension-missing',
    message: expect.stringContaining('hstorf') as string,
  });
  expect(await exists(name)).toBe(false);
});
