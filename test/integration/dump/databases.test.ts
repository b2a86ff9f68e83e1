import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { RepositorySettings } from '../../../src/language/environment/environment.ts';
import { openRepository } from '../../../src/store/open.ts';
import { basePartSize } from '../../../src/s3/part-sizes.ts';
import { createSecret } from '../../../src/process/secrets/secret.ts';
import artifactVerify from '../../../tasks/artifact-verify.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import { largeTable } from '../../fixtures/large-table.ts';
import { createBucket, emptyAndRemoveBucket } from '../../services/bucket.ts';
import { createDatabase, databaseNamed, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { temporaryFolder } from './folder.ts';
import { expectEqual, followGuide, libpqVariables } from './stock-tools.ts';

const services = inject('services');

async function newDatabase(sql: string, name?: string): Promise<TestDatabase> {
  const database = await createDatabase(services, name);
  onTestFinished(() => dropDatabase(services, database));
  if (sql !== '') await database.query(sql);
  return database;
}

type Comparison = (restored: string, original: string) => Promise<void>;

/** Dumps into a folder, restores by the guide, and compares. Gives the artifact's name. */
async function expectSurvives(
  database: TestDatabase,
  compare: Comparison = (restored, original) => expectEqual(services, restored, original),
): Promise<string> {
  const folder = await temporaryFolder('databases');
  const store = join(folder, 'repository');
  const settings: RepositorySettings = { store: { kind: 'folder', folder: store } };
  const { result } = await attempt(
    postgresDump,
    {},
    {
      environment: environmentFor(services, database.name, settings),
      repository: await openRepository(settings, { resolve: () => Promise.resolve(createSecret('')) }),
      password: services.postgres.password,
    },
  );
  const name = result.outputs?.['artifact'] ?? '';
  const restored = newDatabaseName();
  const work = join(folder, 'work');
  await mkdir(work);
  await followGuide(join(store, `${name}.RESTORE.md`), work, {
    ...libpqVariables(services),
    DATABASE: restored,
  });
  await compare(restored, database.name);
  return name;
}

function newDatabaseName(): string {
  const name = `restored_${Math.random().toString(16).slice(2)}`;
  onTestFinished(() => dropDatabase(services, { name }));
  return name;
}

test('an empty database survives', async () => {
  await expectSurvives(await newDatabase(''));
});

test('a database whose name holds what shells, URLs and paths dislike survives', async () => {
  const odd = `o'd "d"/=%\\ $x 漢 ${Math.random().toString(16).slice(2, 8)}`;
  const name = await expectSurvives(await newDatabase('create table t as select 1 as x', odd));
  expect(name).toMatch(/^pg_o%27d%20%22d%22%2F%3D%25%5C%20%24x%20%E6%BC%A2%20\w+_\d{8}T\d{6}Z$/);
});

test('what cannot be counted is dumped all the same, and told', async () => {
  const database = await newDatabase(`
    create function fine(int) returns int immutable language sql as $$ select $1 $$;
    create table counted as select generate_series(1, 3) as x;
    create table broken as select generate_series(1, 5) as x; create index on broken (fine(x));
    set check_function_bodies = off;
    create or replace function fine(int) returns int immutable language sql as $$ select gone($1) $$;`);
  const settings: RepositorySettings = {
    store: { kind: 'folder', folder: await temporaryFolder('unknown') },
  };
  const options = {
    environment: environmentFor(services, database.name, settings),
    repository: await openRepository(settings, { resolve: () => Promise.resolve(createSecret('')) }),
    password: services.postgres.password,
  };
  const { result, said } = await attempt(postgresDump, {}, options);
  const [warning] = said.warnings;
  expect(warning).toContain('public.broken is dumped, and its rows could not be counted');
  expect(warning).toContain('function gone(integer) does not exist');
  expect(said.warnings.slice(1)).toEqual([
    expect.stringContaining('cannot be made under an empty search path'),
  ]);
  expect(result.facts?.['rows']).toBe(3);
  const verified = await attempt(artifactVerify, {}, options);
  expect(verified.said.warnings).toEqual([]);
});

test('a row with a value of 80 MB survives', async () => {
  const database = await newDatabase(
    `create table big (n int, t text); alter table big alter t set storage external;
     insert into big values (1, repeat(md5('1'), 2500000)), (2, 'small')`,
  );
  const sums = 'select n, length(t), md5(t) from big order by n';
  await expectSurvives(database, async (restored) => {
    expect(await databaseNamed(services, restored).query(sums)).toEqual(await database.query(sums));
  });
});

test('a dump into S3 restores from there with aws', async () => {
  const bucket = await createBucket(services);
  onTestFinished(() => emptyAndRemoveBucket(services, bucket));
  // Of two parts when it is compressed, which takes a quarter away.
  const database = await newDatabase(largeTable('photos', Math.ceil(basePartSize() * 1.5)));
  const { endpoint, region, accessKeyId, secretAccessKey } = services.s3;
  const reference = (name: string) => ({ kind: 'env', name, position: 'test:1:1' }) as const;
  const settings: RepositorySettings = {
    store: {
      kind: 's3',
      s3: {
        bucket,
        prefix: 'prod',
        region,
        endpoint,
        forcePathStyle: true,
        accessKeyId: reference('id'),
        secretAccessKey: reference('key'),
      },
    },
  };
  const repository = await openRepository(settings, {
    resolve: (secret) =>
      Promise.resolve(
        createSecret(secret.kind === 'env' && secret.name === 'id' ? accessKeyId : secretAccessKey),
      ),
  });
  onTestFinished(() => repository.close());
  const { result } = await attempt(
    postgresDump,
    { tags: { tier: 'daily' } },
    {
      environment: environmentFor(services, database.name, settings),
      repository,
      password: services.postgres.password,
    },
  );
  const name = result.outputs?.['artifact'] ?? '';
  const folder = await temporaryFolder('s3');
  const guide = join(folder, 'RESTORE.md');
  await writeFile(guide, await repository.get(`${name}.RESTORE.md`));
  const restored = newDatabaseName();
  const work = join(folder, 'work');
  await mkdir(work);
  await followGuide(guide, work, {
    ...libpqVariables(services),
    DATABASE: restored,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  });
  const sums = 'select n, md5(data) from photos';
  expect(await databaseNamed(services, restored).query(sums)).toEqual(await database.query(sums));
});
