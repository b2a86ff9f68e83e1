import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { listArtifacts } from '../../../src/artifact/store.ts';
import type { PostgresDumpParameters } from '../../../src/schema/generated/postgres-dump.types.ts';
import type { PostgresRestoreParameters } from '../../../src/schema/generated/postgres-restore.types.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { createS3Repository, secretsFrom } from '../../services/repository.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { fakePrograms, realProgram } from '../dump/fake.ts';
import { newIdentity, plainDump } from '../dump/stock-tools.ts';
import {
  changeManifest,
  databaseNamed,
  dumpInto,
  expectNothingLeft,
  folderStore,
  newName,
  newRunId,
  restore,
  type Store,
} from './restored.ts';

const services = inject('services');
let database: TestDatabase;
let original: string;

beforeAll(async () => {
  database = await createDatabase(services);
  const everyKind = new URL('../../fixtures/every-kind.sql', import.meta.url);
  await database.query(await readFile(everyKind, 'utf8'));
  // Files of their own in a directory dump, one with a name that needs quoting, one in a schema of its own.
  await database.query(`
    create schema "large ""ones""";
    create table photos as
      select n, string_agg(md5((n * m)::text), '') as data
        from generate_series(1, 2) n, generate_series(1, 90000) m group by n;
    create table "large ""ones"""."a b
c" as select n, string_agg(md5((n + m)::text), '') as data
        from generate_series(1, 3) n, generate_series(1, 60000) m group by n;
    alter table photos add primary key (n)`);
  original = await plainDump(services, database.name);
});

afterAll(async () => {
  await dropDatabase(services, database);
});

interface Case {
  readonly what: string;
  readonly dump?: PostgresDumpParameters;
  readonly restore?: PostgresRestoreParameters;
  readonly isEncrypted?: boolean;
  readonly isS3?: boolean;
}

const directory = { format: 'directory', jobs: 2 } as const;
const cases: readonly Case[] = [
  { what: 'a custom dump' },
  { what: 'a custom dump by one process', restore: { jobs: 1 } },
  { what: 'a custom dump in one transaction', restore: { 'single-transaction': true } },
  { what: 'an uncompressed custom dump', dump: { compress: 'none' }, restore: { jobs: 2 } },
  { what: 'an encrypted custom dump', isEncrypted: true, restore: { jobs: 2 } },
  { what: 'a custom dump in S3', isS3: true, restore: { jobs: 2 } },
  { what: 'a directory dump', dump: directory },
  { what: 'a directory dump by one process', dump: directory, restore: { jobs: 1 } },
  { what: 'a directory dump in one transaction', dump: directory, restore: { 'single-transaction': true } },
  { what: 'an uncompressed directory dump', dump: { ...directory, compress: 'none' }, restore: { jobs: 3 } },
  {
    what: 'an encrypted directory dump in S3',
    dump: directory,
    isEncrypted: true,
    isS3: true,
    restore: { jobs: 2 },
  },
];

async function storeFor({ isEncrypted, isS3 }: Case): Promise<{ store: Store; identity: string }> {
  const identity = isEncrypted === true ? await newIdentity(await temporaryFolder('identity')) : undefined;
  const encrypt =
    identity === undefined
      ? undefined
      : {
          recipients: [identity.recipient],
          identity: { kind: 'env', name: 'IDENTITY', position: 'test:2:2' } as const,
        };
  const text = identity === undefined ? '' : await readFile(identity.file, 'utf8');
  if (isS3 !== true) return { store: await folderStore(encrypt), identity: text };
  const made = await createS3Repository(services);
  onTestFinished(() => made.remove());
  const settings = { ...made.settings, ...(encrypt !== undefined && { encrypt }) };
  return { store: { repository: made.repository, settings, folder: '' }, identity: text };
}

/** Tables that people made, with columns and rows of which the planner knows nothing. */
function tablesWithoutStatistics(name: string): Promise<readonly object[]> {
  return databaseNamed(name).query(
    `select c.oid::regclass::text as name from pg_class c
      where c.relkind in ('r', 'm') and pg_relation_size(c.oid) > 0
        and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
        and exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0)
        and not exists (select from pg_statistic s where s.starelid = c.oid)`,
  );
}

test.for(cases)('$what is restored, equal in every object', async (each) => {
  const { store, identity } = await storeFor(each);
  const manifest = await dumpInto(store, database, each.dump);
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
  expect(await plainDump(services, name)).toBe(original);
  expect(said.warnings).toEqual([]);
  expect(facts).toMatchObject({
    artifact: manifest.name,
    target: { database: name },
    recoveryPoint: manifest.recoveryPoint,
    harmless: [],
    // The fixture has constraints that say `not valid`.
    remarks: [expect.stringMatching(/^constraints that were never validated, as in the source: /)],
  });
  const [largest] = said.progress.slice(-1);
  expect(largest).toBe(facts.storedBytes);
  expect(await tablesWithoutStatistics(name)).toEqual([]);
  await expectNothingLeft(runId);
  const [artifact] = await listArtifacts(store.repository);
  expect(artifact?.state).toBe('verified');
  const [row] = await databaseNamed('postgres').query<{ comment: string | null }>(
    "select shobj_description(oid, 'pg_database') as comment from pg_database where datname = $1",
    [name],
  );
  expect(row?.comment).toBeNull();
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
  const manifest = await dumpInto(store, database, { ...directory, 'client-folder': client });
  await changeManifest(store, manifest, (old) => {
    const [first, ...others] = old.files.filter(({ role }) => role !== 'large-objects');
    if (first === undefined) throw new Error('no files');
    return { ...old, files: [first, ...others] };
  });
  const name = newName();
  await restore({ database: name, jobs: 2 }, { store, of: database });
  expect(await plainDump(services, name)).toBe(original);
});
