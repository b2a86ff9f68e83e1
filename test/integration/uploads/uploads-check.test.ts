import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Environment } from '../../../src/language/environment/environment.ts';
import type { UploadsCheckParameters } from '../../../src/language/generated/uploads-check.types.ts';
import uploadsCheck from '../../../tasks/uploads-check.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { createUploads, noRepository, type UploadsGround } from './uploads-ground.ts';

const services = inject('services');
let uploads: UploadsGround;
let database: TestDatabase;
let root: string;

const contents: Readonly<Record<string, string>> = {
  'a b': 'one',
  'ü/😀': 'two',
  '\u{ffee}': 'three',
  'k+': 'four',
};

beforeAll(async () => {
  uploads = await createUploads(services);
  database = await createDatabase(services);
  root = await mkdtemp(join(tmpdir(), 'run-plan-check-'));
  await database.query('create table photos (key text, size int, sha256 text)');
  for (const [key, text] of Object.entries(contents)) {
    await uploads.put(key, text);
    await database.query('insert into photos values ($1, $2, $3)', [key, text.length, sha256(text)]);
  }
});

afterAll(async () => {
  await dropDatabase(services, database);
  await uploads.remove();
  await rm(root, { recursive: true, force: true });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function environment(references: string, folder?: string): Environment {
  const { postgres } = environmentFor(services, database.name, { store: { kind: 'folder', folder: root } });
  const store =
    folder === undefined ? uploads.environment.uploads?.store : { kind: 'folder' as const, folder };
  if (postgres === undefined || store === undefined) throw new Error('the ground has both');
  return { name: 'test', protected: false, postgres, uploads: { store, references } };
}

async function check(
  parameters: UploadsCheckParameters,
  references = 'select key, size, sha256 from photos; -- all',
  folder?: string,
): ReturnType<typeof attempt> {
  const kept = await mkdtemp(join(root, 'kept-'));
  return attempt(uploadsCheck, parameters, {
    environment: environment(references.replace('; -- all', ' -- all'), folder),
    repository: noRepository,
    secrets: uploads.secrets,
    password: services.postgres.password,
    kept,
  });
}

test('what is there passes; missing, wrong and unnamed objects are each found, as of now and as of before', async () => {
  const good = await check({ at: 'now', content: 'whole', grace: '0s' });
  expect(good.result.facts?.['uploads']).toMatchObject({
    references: 4,
    objects: 4,
    hashed: 4,
    orphans: { count: 0 },
  });

  const listed = await uploads.client.send(new ListObjectVersionsCommand({ Bucket: uploads.bucket }));
  const before = new Date(
    Math.max(...(listed.Versions ?? []).map((one) => one.LastModified?.getTime() ?? 0)),
  );
  await uploads.hide('a b');
  await uploads.put('k+', 'FOUR');
  await uploads.put('\u{ffee}', 'longer than three');
  await uploads.put('stray', 'nobody names it');

  const failure: unknown = await check({ at: 'now', content: 10, grace: '0s' }).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({
    code: 'check-failed',
    facts: {
      uploads: {
        missing: { count: 1, first: ['a b'] },
        wrongSize: { count: 1, first: ['\u{ffee}'] },
        wrongHash: { count: 1, first: ['k+'] },
        orphans: { count: 1, first: ['stray'] },
        orphanBytes: 15,
        oldestOrphan: { key: 'stray' },
      },
    },
  });
  const { findings } = (failure as { facts: { uploads: { findings: string } } }).facts.uploads;
  expect(JSON.parse(await readFile(join(findings, 'missing.ndjson'), 'utf8'))).toEqual({
    key: 'a b',
    finding: 'missing',
  });

  const then = await check({ at: before.toISOString(), content: 'whole', orphans: 'fail', grace: '0s' });
  expect(then.result.facts?.['uploads']).toMatchObject({ references: 4, objects: 4, hashed: 4 });
  const sizes = "select key, length(key) as size from (values (null), ('stray')) as rows (key)";
  await expect(check({ at: 'now', orphans: 'fail' }, sizes)).rejects.toMatchObject({ message: /size/ });
});

test('a folder of uploads is compared in the order of its keys; links are no files', async () => {
  const folder = join(root, 'files');
  await mkdir(join(folder, 'a'), { recursive: true });
  for (const name of ['a-b', 'a/c', 'a.d', 'z']) await writeFile(join(folder, name), 'x');
  const rows = "select unnest(array['a-b', 'a/c', 'a.d', 'z', 'z']) as key, 1 as size";
  const { result, said } = await check({ grace: '0s', orphans: 'fail' }, rows, folder);
  expect(result.facts?.['uploads']).toMatchObject({ references: 5, objects: 4, missing: { count: 0 } });
  expect(said.warnings).toEqual([]);
  await expect(check({ at: '2026-01-01' }, rows, folder)).rejects.toMatchObject({
    code: 'environment-incomplete',
  });
});
