import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import uploadsRestore from '../../../tasks/uploads-restore.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { createUploads, noRepository, type UploadsGround } from './uploads-ground.ts';

const services = inject('services');
let uploads: UploadsGround;
let database: TestDatabase;
let root: string;
let at: string;

const chosen = ['a b.jpg', "it's (1)!*.jpg", 'line\nbreak', 'q"<>&.jpg', 'ü/é +%41.png', '\u{ffee}', '😀', 'x'.repeat(1024)]; // prettier-ignore
const others = ['a', 'a b.jpg2', 'zz'];

beforeAll(async () => {
  uploads = await createUploads(services);
  database = await createDatabase(services);
  root = await mkdtemp(join(tmpdir(), 'run-plan-kept-'));
  for (const key of [...chosen, ...others]) await uploads.put(key, 'then');
  const page = await uploads.client.send(new ListObjectVersionsCommand({ Bucket: uploads.bucket }));
  at = new Date(Math.max(...(page.Versions ?? []).map(({ LastModified }) => LastModified?.getTime() ?? 0))).toISOString(); // prettier-ignore
  for (const key of [...chosen, ...others]) await uploads.put(key, 'later on');
  await database.query('create table photos (storage_key text)');
  for (const key of [...chosen, ...chosen, 'in no bucket', null])
    await database.query('insert into photos values ($1)', [key]);
});

afterAll(async () => {
  await dropDatabase(services, database);
  await uploads.remove();
  await rm(root, { recursive: true, force: true });
});

async function restore(run: string, keys: string, more: object = {}): ReturnType<typeof attempt> {
  const kept = join(root, run, 'step');
  await mkdir(kept, { recursive: true });
  const { postgres } = environmentFor(services, database.name, { store: { kind: 'folder', folder: root } });
  if (postgres === undefined) throw new Error('the environment has a database');
  return attempt(
    uploadsRestore,
    { at, keys, ...more },
    {
      environment: { ...uploads.environment, postgres },
      repository: noRepository,
      secrets: uploads.secrets,
      password: services.postgres.password,
      runId: run,
      kept,
    },
  );
}

test('a query that fails, gives no key or has no such column changes nothing and says why', async () => {
  await expect(restore('run-1', 'select storage_key as key from nowhere')).rejects.toMatchObject({
    message: expect.stringMatching(/nowhere.*reading the keys/) as string,
  });
  await expect(restore('run-2', 'select 1 / (count(*) - count(*)) || storage_key as key from photos group by 1')).rejects.toThrow(); // prettier-ignore
  await expect(restore('run-3', 'select storage_key from photos')).rejects.toMatchObject({
    code: 'usage',
    message: "the query of keys gives no column 'key'",
    hint: expect.stringContaining('keys: select') as string,
  });
  await expect(restore('run-4', 'select storage_key as key from photos); drop table photos; select (1')).rejects.toThrow(); // prettier-ignore
  const none = await restore('run-5', 'select storage_key as key from photos where false');
  expect(none.said.warnings).toEqual([
    "the query of 'keys' gives no key",
    'there is no such key in the bucket: nothing is meant',
  ]);
  expect(none.result).toMatchObject({ outputs: { changed: '0' }, facts: { uploads: { promoted: 0 } } });
  expect([...(await uploads.contents()).values()].every((text) => text === 'later on')).toBe(true);
});

test('of odd keys, each named twice, those of the query come back, and what is in no bucket is named', async () => {
  const query = 'select storage_key as key from photos -- all of them';
  const dry = await restore('run-6', query, { 'dry-run': true });
  expect(dry.result.facts?.['uploads']).toMatchObject({ survey: { keys: chosen.length } });
  const { said, result } = await restore('run-7', query);
  expect(said.warnings).toEqual([
    `1 key of the ${chosen.length + 1} that the query gives has no version in the bucket: "in no bucket"`,
  ]);
  expect(result.facts?.['uploads']).toMatchObject({ promoted: chosen.length, hidden: 0 });
  const contents = await uploads.contents();
  for (const key of chosen) expect([key, contents.get(key)]).toEqual([key, 'then']);
  for (const key of others) expect([key, contents.get(key)]).toEqual([key, 'later on']);
});
