import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { listArtifacts } from '../../../src/artifact/store.ts';
import type { PostgresDumpParameters } from '../../../src/language/generated/postgres-dump.types.ts';
import type { PostgresRestoreParameters } from '../../../src/language/generated/postgres-restore.types.ts';
import { largeTable } from '../../fixtures/large-table.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { createS3Repository, secretsFrom } from '../../services/repository.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { fakePrograms, realProgram } from '../dump/fake.ts';
import { newIdentity, plainDump } from '../dump/stock-tools.ts';
import {
  changeManifest,
  commentOf,
  databaseNamed,
  dumpInto,
  dumpsOf,
  expectNothingLeft,
  folderStore,
  newName,
  newRunId,
  restore,
  type Dumped,
} from './restored.ts';

const services = inject('services');
/** Objects of every kind, for each way of reading and loading a dump. */
let everyKind: TestDatabase;
/** What a dump consists of, for each way of storing it. */
let fewKinds: TestDatabase;
let originals: ReadonlyMap<TestDatabase, string>;
const dumpedOf = {
  everyKind: dumpsOf(() => everyKind),
  fewKinds: dumpsOf(() => fewKinds),
};

beforeAll(async () => {
  [everyKind, fewKinds] = await Promise.all([createDatabase(services), createDatabase(services)]);
  const sql = await readFile(new URL('../../fixtures/every-kind.sql', import.meta.url), 'utf8');
  // Files of their own in a directory dump, one with a name that needs quoting, one in a schema of its own.
  const large = `
    create schema "large ""ones""";
    ${largeTable('photos')}
    ${largeTable('"large ""ones"""."a b\nc"')}
    alter table photos add primary key (n);`;
  await everyKind.query(sql);
  await everyKind.query(large);
  await fewKinds.query(`${large}
    create table orders (id serial primary key, note text);
    insert into orders (note) select md5(n::text) from generate_series(1, 2000) n;
    create index on orders (note);
    alter table orders add constraint unproven check (id > 0) not valid;
    create materialized view totals as select count(*) from orders;
    select lo_from_bytea(0, 'photo')`);
  originals = new Map([
    [everyKind, await plainDump(services, everyKind.name)],
    [fewKinds, await plainDump(services, fewKinds.name)],
  ]);
});

afterAll(async () => {
  for (const database of [everyKind, fewKinds]) await dropDatabase(services, database);
});

interface Case {
  readonly what: string;
  readonly of: keyof typeof dumpedOf;
  readonly dump?: PostgresDumpParameters;
  readonly restore?: PostgresRestoreParameters;
  readonly isEncrypted?: boolean;
  readonly isS3?: boolean;
}

const directory = { format: 'directory', jobs: 2 } as const;
const cases: readonly Case[] = [
  { what: 'a custom dump', of: 'everyKind' },
  { what: 'a custom dump by one process', of: 'fewKinds', restore: { jobs: 1 } },
  { what: 'a custom dump in one transaction', of: 'everyKind', restore: { 'single-transaction': true } },
  { what: 'an uncompressed custom dump', of: 'fewKinds', dump: { compress: 'none' }, restore: { jobs: 2 } },
  { what: 'an encrypted custom dump', of: 'fewKinds', isEncrypted: true, restore: { jobs: 2 } },
  { what: 'a custom dump in S3', of: 'fewKinds', isS3: true, restore: { jobs: 2 } },
  { what: 'a directory dump', of: 'everyKind', dump: directory },
  { what: 'a directory dump by one process', of: 'fewKinds', dump: directory, restore: { jobs: 1 } },
  { what: 'a directory dump in one transaction', of: 'everyKind', dump: directory, restore: { 'single-transaction': true } },
  { what: 'an uncompressed directory dump', of: 'fewKinds', dump: { ...directory, compress: 'none' }, restore: { jobs: 3 } },
  { what: 'an encrypted directory dump in S3', of: 'fewKinds', dump: directory, isEncrypted: true, isS3: true, restore: { jobs: 2 } },
]; // prettier-ignore

/** A repository with a dump as a case wants it, and the text of the identity. */
async function storeFor({ of, dump, isEncrypted, isS3 }: Case): Promise<Dumped & { identity: string }> {
  const identity = isEncrypted === true ? await newIdentity(await temporaryFolder('identity')) : undefined;
  const encrypt =
    identity === undefined
      ? undefined
      : {
          recipients: [identity.recipient],
          identity: { kind: 'env', name: 'IDENTITY', position: 'test:2:2' } as const,
        };
  const text = identity === undefined ? '' : await readFile(identity.file, 'utf8');
  if (isS3 !== true) return { ...(await dumpedOf[of](dump, encrypt)), identity: text };
  const made = await createS3Repository(services);
  onTestFinished(() => made.remove());
  const settings = { ...made.settings, ...(encrypt !== undefined && { encrypt }) };
  const store = { repository: made.repository, settings, folder: '' };
  return { store, manifest: await dumpInto(store, databaseOf({ of }), dump), identity: text };
}

function databaseOf({ of }: Pick<Case, 'of'>): TestDatabase {
  return of === 'everyKind' ? everyKind : fewKinds;
}

/** Tables that people made, that hold rows of columns, and of which the planner knows nothing. */
function tablesWithoutStatistics(name: string): Promise<readonly object[]> {
  return databaseNamed(name).query(
    `select c.oid::regclass::text as name from pg_class c
      where c.relkind in ('r', 'm') and pg_relation_size(c.oid) > 0
        and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
        and exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
        and not exists (select from pg_statistic s where s.starelid = c.oid)`,
  );
}

test.for(cases)('$what is restored, equal in every object', async (each) => {
  const { store, manifest, identity } = await storeFor(each);
  const database = databaseOf(each);
  const name = newName();
  const runId = newRunId();
  const { facts, said } = await restore(
    { ...each.restore, database: name },
    {
      store,
      of: database,
      runId,
      secrets: secretsFrom({ TEST_PASSWORD: services.postgres.password, IDENTITY: identity }),
    },
  );
  expect(await plainDump(services, name)).toBe(originals.get(database));
  expect(said.warnings).toEqual([]);
  expect(facts).toMatchObject({
    artifact: manifest.name,
    target: { database: name },
    recoveryPoint: manifest.recoveryPoint,
    harmless: [],
    // The databases have constraints that say `not valid`.
    remarks: [expect.stringMatching(/^constraints that were never validated, as in the source: /)],
  });
  const [largest] = said.progress.slice(-1);
  expect(largest).toBe(facts.storedBytes);
  expect(await tablesWithoutStatistics(name)).toEqual([]);
  await expectNothingLeft(runId);
  const [artifact] = await listArtifacts(store.repository);
  expect(artifact?.state).toBe('verified');
  expect(await commentOf(name)).toBeNull();
});

test('a directory dump that holds its large objects itself, as older ones do, is restored as well', async () => {
  const scripts = await Promise.all(
    ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql', 'vacuumdb'].map(async (name) => {
      const real = await realProgram(services.postgres.major, name);
      const within = 'for word; do shift; [ "$word" = -B ] || set -- "$@" "$word"; done';
      return [name, `${within}\nexec "${real}" "$@"`] as const;
    }),
  );
  const client = await fakePrograms(await temporaryFolder('client'), Object.fromEntries(scripts));
  const store = await folderStore();
  const manifest = await dumpInto(store, fewKinds, { ...directory, 'client-folder': client });
  await changeManifest(store, manifest, (old) => {
    const [first, ...others] = old.files.filter(({ role }) => role !== 'large-objects');
    if (first === undefined) throw new Error('no files');
    return { ...old, files: [first, ...others] };
  });
  const name = newName();
  await restore({ database: name, jobs: 2 }, { store, of: fewKinds });
  expect(await plainDump(services, name)).toBe(originals.get(fewKinds));
});
