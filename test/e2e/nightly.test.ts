import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetObjectCommand, GetObjectTaggingCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../services/bucket.ts';
import { dropDatabase, type TestDatabase } from '../services/database.ts';
import { createProduction, type Production } from './production.ts';
import { nightlyPlan, s3Yaml, secretVariables, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
let production: Production;
let workspace: Workspace;
let database: TestDatabase;

beforeEach(async () => {
  production = await createProduction(
    services,
    `
    create table customers (id int primary key, name text not null);
    create table orders (id int primary key, customer int not null references customers, note text);
    insert into customers select n, 'customer ' || n from generate_series(1, 200) n;
    insert into orders select n, n % 200 + 1, repeat(md5(n::text), 8) from generate_series(1, 20000) n;
    select lo_from_bytea(0, decode(repeat('ab', 5000), 'hex'));`,
  );
  ({ workspace, database } = production);
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
});

afterEach(() => production.remove());

/** What a dump of a database says, without the random tokens that guard psql's restricted mode. */
async function contentsOf(name: string): Promise<string> {
  const { host, port, user, password } = services.postgres;
  const { stdout } = await promisify(execFile)(
    'pg_dump',
    ['--no-owner', '--no-privileges', '-h', host, '-p', String(port), '-U', user, name],
    { env: { ...process.env, PGPASSWORD: password }, maxBuffer: 256 * 1024 * 1024 },
  );
  return stdout.replaceAll(/^\\(un)?restrict .*$/gm, '');
}

/** Runs the guide's own commands as an operator would, into an empty database. */
async function executeGuide(
  guide: string,
  folder: string,
  target: string,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const block = /```bash\n([\s\S]*?)```/.exec(guide)?.[1];
  expect(block, guide).toBeDefined();
  await mkdir(folder);
  await writeFile(join(folder, 'restore.sh'), block ?? '');
  await chmod(join(folder, 'restore.sh'), 0o700);
  const { host, port, user, password } = services.postgres;
  await promisify(execFile)('bash', ['-euo', 'pipefail', join(folder, 'restore.sh')], {
    cwd: folder,
    env: {
      ...process.env,
      ...variables,
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      DATABASE: target,
      ...more,
      AWS_REGION: services.s3.region,
    },
  });
}

describe('into a folder', () => {
  test('the nightly run leaves a verified artifact, a record, a status that is green, and no secret; the guide of the artifact brings it back with stock tools, equal to the original', async () => {
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(0);

    const keys = await workspace.artifactKeys();
    const name = keys.find((key) => key.endsWith('.manifest.json'))?.replace('.manifest.json', '') ?? '';
    expect(keys).toEqual(
      [
        '.RESTORE.md',
        '.dump.zst',
        '.dump.zst.sha256',
        '.manifest.json',
        '.privileges.sql',
        '.verified.json',
      ].map((suffix) => name + suffix),
    );
    const [record] = await workspace.records('nightly-prod');
    expect(record).toMatchObject({ outcome: 'succeeded', exitCode: 0, plan: 'nightly-prod' });
    expect(record?.steps.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['postgres-dump', 'succeeded'],
      ['artifact-verify', 'succeeded'],
      ['artifact-prune', 'succeeded'],
    ]);
    expect(await workspace.run(['status', '--check'], variables)).toMatchObject({ code: 0 });
    const artifacts = JSON.parse(
      (await workspace.run(['artifacts', '--json'], variables)).stdout,
    ) as unknown[];
    expect(artifacts).toMatchObject([
      { name, state: 'verified', database: database.name, environment: 'prod' },
    ]);
    const { stdout } = await promisify(execFile)('grep', ['-rlF', services.postgres.password, '.'], {
      cwd: workspace.folder,
    }).catch((error: unknown) => error as { stdout: string });
    expect(stdout).toBe('');
    expect(told.text).not.toContain(services.postgres.password);

    const guide = await readFile(join(workspace.repositoryFolder, `${name}.RESTORE.md`), 'utf8');
    const target = `${database.name}_restored`;
    try {
      await executeGuide(guide, join(workspace.folder, 'restore'), target);
      expect(await contentsOf(target)).toBe(await contentsOf(database.name));
    } finally {
      await dropDatabase(services, { ...database, name: target });
    }
  });

  test('an encrypted directory dump is read back with the identity and comes back by its guide', async () => {
    const identity = join(workspace.folder, 'identity.txt');
    const { stderr } = await promisify(execFile)('age-keygen', ['-o', identity]);
    const recipient = /age1\w+/.exec(stderr)?.[0] ?? '';
    await production.declare({
      repository: `{ folder: ${workspace.repositoryFolder}, encrypt: { age: [${recipient}], identity: { file: ${identity} } } }`,
    });
    await workspace.write(
      'plans/nightly-prod.yaml',
      nightlyPlan.replace('postgres-dump', 'postgres-dump\n    with: { format: directory, jobs: 2 }'),
    );
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(0);
    expect(told.text).not.toMatch(/warning/);
    const artifacts = JSON.parse(
      (await workspace.run(['artifacts', '--json'], variables)).stdout,
    ) as unknown[];
    expect(artifacts).toMatchObject([{ state: 'verified' }]);
    const guide = (await workspace.artifactKeys()).find((key) => key.endsWith('RESTORE.md')) ?? '';
    const target = `${database.name}_restored`;
    try {
      const text = await readFile(join(workspace.repositoryFolder, guide), 'utf8');
      await executeGuide(text, join(workspace.folder, 'restore'), target, { IDENTITY: identity });
      expect(await contentsOf(target)).toBe(await contentsOf(database.name));
    } finally {
      await dropDatabase(services, { ...database, name: target });
    }
  });
});

describe('into a bucket', () => {
  let bucket: string;

  beforeEach(async () => {
    bucket = await createBucket(services, { versioning: true });
    await production.declare({ repository: `{ s3: ${s3Yaml(services, bucket)} }` });
  });

  afterEach(async () => {
    await emptyAndRemoveBucket(services, bucket);
  });

  test('the nightly run stores, reads back and tags the artifact; its guide restores it', async () => {
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(0);
    const client = s3Client(services);
    const target = `${database.name}_restored`;
    try {
      const { Versions } = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'prod/' }),
      );
      const dump = Versions?.find(({ Key }) => Key?.endsWith('.dump.zst'))?.Key;
      expect(Versions?.map(({ Key }) => Key).some((key) => key?.startsWith('prod/runs/nightly-prod/'))).toBe(
        true,
      );
      const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: dump }));
      expect(TagSet).toContainEqual({ Key: 'tier', Value: 'daily' });

      const guideKey = dump?.replace('.dump.zst', '.RESTORE.md');
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: guideKey }));
      const guide = (await Body?.transformToString()) ?? '';
      await executeGuide(guide, join(workspace.folder, 'restore'), target);
      expect(await contentsOf(target)).toBe(await contentsOf(database.name));
    } finally {
      client.destroy();
      await dropDatabase(services, { ...database, name: target });
    }
    expect(await workspace.run(['status', '--check'], variables)).toMatchObject({ code: 0 });
  });
});
