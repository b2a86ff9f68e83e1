import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync, statSync, truncateSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Manifest } from '../../../src/artifact/manifest.ts';
import { listArtifacts } from '../../../src/artifact/store.ts';
import type { PostgresDumpParameters } from '../../../src/language/generated/postgres-dump.types.ts';
import type { PostgresRestoreParameters } from '../../../src/language/generated/postgres-restore.types.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { secretsFrom } from '../../services/repository.ts';
import { flip } from '../../fixtures/flip.ts';
import { largeTable } from '../../fixtures/large-table.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { newIdentity } from '../dump/stock-tools.ts';
import {
  changeFile,
  changeManifest,
  dumpsOf,
  expectNothingLeft,
  newDatabase,
  newName,
  newRunId,
  restore,
  type Store,
} from './restored.ts';

const services = inject('services');
const custom = {};
const plain = { compress: 'none' } as const;
const directory = { format: 'directory', jobs: 2 } as const;
const plainDirectory = { ...directory, ...plain } as const;
let database: TestDatabase;
const dumped = dumpsOf(() => database);

beforeAll(async () => {
  database = await createDatabase(services);
  await database.query(`
    create table first (id serial primary key, note text);
    insert into first (note) select md5(n::text) from generate_series(1, 2000) n;
    ${largeTable('photos')}
    create table zuletzt as select n, md5(n::text) from generate_series(1, 5000) n;
    select lo_from_bytea(0, decode(md5(n::text) || repeat('0', 40000), 'hex')) from generate_series(1, 20) n`);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

type Role = Manifest['files'][number]['role'];

interface Case {
  readonly what: string;
  readonly dump: PostgresDumpParameters;
  readonly role: Role;
  readonly damage: (bytes: Buffer) => Buffer;
  readonly restore?: PostgresRestoreParameters;
}

const middle = (bytes: Buffer): Buffer => flip(bytes, bytes.length >> 1);
const last = (bytes: Buffer): Buffer => flip(bytes, bytes.length - 1);
const cut = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 70_000);
const longer = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.from('more')]);
/** In a row's text, where no program notices it. */
function inRow(bytes: Buffer): Buffer {
  const row = createHash('md5').update('77').digest('hex');
  const at = bytes.indexOf(row);
  if (at === -1) throw new Error('there is no such row');
  const damaged = Buffer.from(bytes);
  damaged[at] = row.startsWith('0') ? 0x31 : 0x30;
  return damaged;
}
/** Not in the file any more. */
const gone = (): Buffer => Buffer.alloc(0);

const cases: readonly Case[] = [
  { what: 'a byte in the middle of a dump', dump: custom, role: 'dump', damage: middle },
  { what: 'the last byte of a dump', dump: custom, role: 'dump', damage: last },
  { what: 'a byte in the middle of a dump, by one process', dump: custom, role: 'dump', damage: middle, restore: { jobs: 1 } },
  { what: 'the last byte of a dump, by one process', dump: custom, role: 'dump', damage: last, restore: { jobs: 1 } },
  { what: 'a byte in the middle of an uncompressed dump', dump: plain, role: 'dump', damage: middle },
  { what: 'the last byte of an uncompressed dump', dump: plain, role: 'dump', damage: last },
  { what: 'a row of an uncompressed dump', dump: plain, role: 'dump', damage: inRow },
  { what: 'a row of an uncompressed dump, by one process', dump: plain, role: 'dump', damage: inRow, restore: { 'single-transaction': true } },
  { what: 'a row of a table that alone is restored', dump: plain, role: 'dump', damage: inRow, restore: { only: { tables: ['first'] } } },
  { what: 'rows that are not restored', dump: plain, role: 'dump', damage: last, restore: { 'schema-only': true } },
  { what: 'a dump that is cut off', dump: custom, role: 'dump', damage: cut },
  { what: 'an uncompressed dump that is cut off', dump: plain, role: 'dump', damage: cut },
  { what: 'a dump with bytes after it', dump: plain, role: 'dump', damage: longer },
  { what: 'an empty dump', dump: custom, role: 'dump', damage: gone },
  { what: "a byte of a table's file", dump: directory, role: 'table', damage: middle },
  { what: "the last byte of a table's file", dump: directory, role: 'table', damage: last },
  { what: "the last byte of a table's uncompressed file", dump: plainDirectory, role: 'table', damage: last },
  { what: "a byte of a table's uncompressed file, by one process", dump: plainDirectory, role: 'table', damage: middle, restore: { jobs: 1 } },
  { what: "a table's file that is cut off", dump: directory, role: 'table', damage: cut },
  { what: 'a byte of the small tables', dump: directory, role: 'rest', damage: middle },
  { what: 'the last byte of the small tables', dump: plainDirectory, role: 'rest', damage: last },
  { what: 'a byte of the large objects', dump: directory, role: 'large-objects', damage: middle },
  { what: 'a byte of the uncompressed large objects', dump: plainDirectory, role: 'large-objects', damage: middle },
  { what: 'the last byte of the large objects', dump: plainDirectory, role: 'large-objects', damage: last, restore: { jobs: 1 } },
  { what: 'a byte of the large objects, in one transaction', dump: plainDirectory, role: 'large-objects', damage: middle, restore: { 'single-transaction': true } },
  { what: 'the contents of the large objects', dump: plainDirectory, role: 'large-objects', damage: (bytes) => flip(bytes, bytes.indexOf('lo_create')) },
  { what: 'large objects that are cut off', dump: directory, role: 'large-objects', damage: (bytes) => bytes.subarray(0, bytes.length - 100) },
  { what: 'a row of the small tables', dump: plainDirectory, role: 'rest', damage: inRow },
]; // prettier-ignore

function fileOf(manifest: Manifest, role: Role): string {
  const file = manifest.files.find((candidate) => candidate.role === role);
  if (file === undefined) throw new Error(`no ${role} in ${manifest.name}`);
  return file.key;
}

async function expectDamage(
  store: Store,
  { name }: Manifest,
  parameters: PostgresRestoreParameters,
  onPhase: (text: string) => void = () => undefined,
): Promise<void> {
  const runId = newRunId();
  const scratch = await temporaryFolder('scratch');
  await expect(
    restore(
      { ...parameters, artifact: name, database: newName(), scratch },
      { store, of: database, runId, onPhase },
    ),
  ).rejects.toMatchObject({ code: 'artifact-damaged', where: expect.stringContaining(name) as string });
  await expectNothingLeft(runId);
  expect(await readdir(scratch)).toEqual([]);
  const [artifact] = await listArtifacts(store.repository);
  expect(artifact?.state).not.toBe('verified');
}

test.for(cases)('$what: damage is named, whatever pg_restore made of it', async (each) => {
  const { store, manifest } = await dumped(each.dump);
  await changeFile(store, fileOf(manifest, each.role), each.damage);
  await expectDamage(store, manifest, each.restore ?? { jobs: 2 });
});

test.for([
  { what: 'removed', dump: custom, role: 'dump', change: rmSync },
  { what: 'removed', dump: directory, role: 'table', change: rmSync },
  { what: 'removed', dump: directory, role: 'rest', change: rmSync },
  { what: 'removed', dump: directory, role: 'large-objects', change: rmSync },
  { what: 'cut off', dump: plain, role: 'dump', change: shorten },
  { what: 'cut off', dump: plainDirectory, role: 'table', change: shorten },
] as const)('a $role that is $what once the restore has begun is damage', async ({ dump, role, change }) => {
  const { store, manifest } = await dumped(dump);
  const path = join(store.folder, fileOf(manifest, role));
  await expectDamage(store, manifest, { jobs: 2 }, (text) => {
    if (text === 'looking at the target') change(path);
  });
});

function shorten(path: string): void {
  truncateSync(path, statSync(path).size - 1);
}

test.for([{ dump: custom }, { dump: directory }])(
  'an identity of somebody else is no damage: $dump.format',
  async ({ dump }) => {
    const mine = await newIdentity(await temporaryFolder('identity'));
    const other = await newIdentity(await temporaryFolder('other'));
    const { store } = await dumped(dump, {
      recipients: [mine.recipient],
      identity: { kind: 'env', name: 'IDENTITY', position: 'test:2:2' },
    });
    const secrets = secretsFrom({
      TEST_PASSWORD: services.postgres.password,
      IDENTITY: await readFile(other.file, 'utf8'),
    });
    const runId = newRunId();
    await expect(
      restore({ database: newName() }, { store, of: database, runId, secrets }),
    ).rejects.toMatchObject({ code: 'secret-unavailable' });
    await expectNothingLeft(runId);
  },
);

test('bytes that are the stored ones and no dump are told as such', async () => {
  const { store, manifest } = await dumped(plain);
  const key = fileOf(manifest, 'dump');
  let bytes = Buffer.alloc(0);
  // Whole in its head, so that its contents can be listed.
  await changeFile(store, key, (whole) => (bytes = Buffer.from(whole.subarray(0, whole.length - 1_000_000))));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await changeManifest(store, manifest, (old) => {
    const [first, ...rest] = old.files.map((file) =>
      file.key === key ? { ...file, sha256, bytes: bytes.length } : file,
    );
    if (first === undefined) throw new Error('no files');
    return { ...old, files: [first, ...rest] };
  });
  await expect(restore({ database: newName() }, { store, of: database })).rejects.toMatchObject({
    code: 'dump-unusable',
  });
});

test('a full scratch folder is not taken for damage', async ({ skip }) => {
  const run = promisify(execFile);
  const folder = await temporaryFolder('small');
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).catch(
    () => undefined,
  );
  skip(mounted === undefined, 'mounting is not permitted here');
  try {
    const { store } = await dumped(directory);
    await expect(
      restore({ database: newName(), scratch: folder }, { store, of: database }),
    ).rejects.toMatchObject({ code: 'space-missing' });
  } finally {
    await run('umount', [folder]);
  }
});

test.for([
  { what: 'a table', role: 'table', damage: middle },
  { what: 'a large object', role: 'large-objects', damage: middle },
] as const)('one transaction that $what breaks off leaves the target as it was', async ({ role, damage }) => {
  const { store, manifest } = await dumped(plainDirectory);
  await changeFile(store, fileOf(manifest, role), damage);
  const target = await newDatabase('');
  const parameters = { artifact: manifest.name, database: target.name, 'single-transaction': true };
  await expect(restore(parameters, { store, of: database })).rejects.toMatchObject({
    code: 'artifact-damaged',
  });
  expect(
    await target.query("select relname from pg_class where relnamespace = 'public'::regnamespace"),
  ).toEqual([]);
  expect(await target.query('select oid from pg_largeobject_metadata')).toEqual([]);
});
