import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Manifest } from '../../src/language/generated/manifest.types.ts';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../services/bucket.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import {
  createWorkspace,
  nightlyPlan,
  postgresYaml,
  s3Yaml,
  secretVariables,
  type Told,
  type Workspace,
} from './workspace.ts';

const services = inject('services');
const shippedPlan = fileURLToPath(new URL('../../plans/restore-point.yaml', import.meta.url));
const variables = secretVariables(services);
let workspace: Workspace;
let database: TestDatabase;
let bucket: string;
let client: S3Client;

beforeAll(async () => {
  workspace = await createWorkspace();
  database = await createDatabase(services);
  bucket = await createBucket(services, { versioning: true });
  client = s3Client(services);
  await database.query(
    'create table order_photos (id int primary key, storage_key text not null, size_bytes int)',
  );
  const uploads = `{ s3: ${s3Yaml(services, bucket)}, references: "select storage_key as key, size_bytes as size from order_photos" }`;
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    protected: true
    postgres: ${postgresYaml(services, database.name)}
    repository: { folder: ${workspace.repositoryFolder} }
    uploads: ${uploads}
`,
  );
  await workspace.write('plans/nightly.yaml', nightlyPlan);
  await workspace.write('plans/restore-point.yaml', await readFile(shippedPlan, 'utf8'));
  await workspace.write(
    'plans/undo.yaml',
    `environment: prod
writes: prod
timeout: 10m
parameters: { run: { description: the run to undo } }
steps:
  - task: uploads-restore
    with: { undo: "\${parameters.run}" }
`,
  );
});

afterAll(async () => {
  const kept = await database.query<{ name: string }>(`select datname as name from pg_database where datname like $1`, [`${database.name}_before_%`]); // prettier-ignore
  for (const { name } of kept) await dropDatabase(services, { ...database, name });
  await dropDatabase(services, database);
  client.destroy();
  await emptyAndRemoveBucket(services, bucket);
  await workspace.remove();
});

async function put(key: string, text: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: `prod/${key}`, Body: text }));
}

async function addPhoto(id: number, key: string, text: string): Promise<void> {
  await put(key, text);
  await database.query('insert into order_photos values ($1, $2, $3)', [id, key, text.length]);
}

async function photos(): Promise<Record<string, string>> {
  const page = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  const found: Record<string, string> = {};
  for (const { Key = '' } of page.Contents ?? []) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    found[Key] = (await Body?.transformToString()) ?? '';
  }
  return found;
}

function rows(): Promise<readonly object[]> {
  return database.query('select * from order_photos order by id');
}

function run(...words: readonly string[]): Promise<Told> {
  return workspace.run(words, variables);
}

test('database and uploads come back to one instant, are proven equal, and the uploads are brought back again', async () => {
  for (let id = 1; id <= 6; id += 1) await addPhoto(id, `orders/${id} +%ü.jpg`, `photo ${id}`);
  const thenPhotos = await photos();
  const thenRows = await rows();
  const dumped = await run('nightly');
  expect(dumped.code, dumped.text).toBe(0);

  const [key] = (await workspace.artifactKeys()).filter((name) => name.endsWith('.manifest.json'));
  const manifest = JSON.parse(
    await readFile(`${workspace.repositoryFolder}/${key ?? ''}`, 'utf8'),
  ) as Manifest;
  const { uploads, time } = manifest.recoveryPoint;
  expect(uploads).toMatchObject({
    resolutionMs: 1000,
    location: `s3://${bucket}/prod at ${services.s3.endpoint}`,
  });
  // Not before the snapshot, and no more than the clock's resolution and the request after it.
  const instant = Date.parse(uploads?.time ?? '');
  expect(instant).toBeGreaterThanOrEqual(Date.parse(time));
  // Writes of the very second of the dump count as there: the accident comes after it.
  while (Date.now() <= instant) await rows();

  await put('orders/1 +%ü.jpg', 'overwritten');
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'prod/orders/2 +%ü.jpg' }));
  await addPhoto(7, 'orders/7.jpg', 'born later');
  await database.query('delete from order_photos where id = 3');
  await database.query('update order_photos set size_bytes = 99 where id = 4');
  const laterPhotos = await photos();

  const unconfirmed = await run('restore-point');
  expect(unconfirmed.code, unconfirmed.text).toBe(2);
  expect(await photos()).toEqual(laterPhotos);

  const restored = await run('restore-point', '--yes', 'prod');
  expect(restored.code, restored.text).toBe(0);
  expect(await photos()).toEqual(thenPhotos);
  expect(await rows()).toEqual(thenRows);
  const record = (await workspace.records('restore-point')).at(-1);
  const step = record?.steps.find(({ id }) => id === 'uploads-restore');
  expect(step?.facts).toMatchObject({ uploads: { promoted: 2, hidden: 1, artifact: manifest.name } });
  const lines = (await readFile(step?.outputs?.['changes'] ?? '', 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(3);

  const undone = await run('undo', '--set', `run=${record?.runId ?? ''}`, '--yes', 'prod');
  expect(undone.code, undone.text).toBe(0);
  expect(await photos()).toEqual(laterPhotos);
});
