import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetObjectTaggingCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../services/bucket.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import {
  createWorkspace,
  nightlyPlan,
  postgresYaml,
  s3Yaml,
  secretVariables,
  type Workspace,
} from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
let workspace: Workspace;
let database: TestDatabase;

beforeEach(async () => {
  workspace = await createWorkspace();
  database = await createDatabase(services);
  await database.query(`
    create table customers (id int primary key, name text not null);
    create table orders (id int primary key, customer int not null references customers, note text);
    insert into customers select n, 'customer ' || n from generate_series(1, 200) n;
    insert into orders select n, n % 200 + 1, repeat(md5(n::text), 8) from generate_series(1, 20000) n;
    select lo_from_bytea(0, decode(repeat('ab', 5000), 'hex'));`);
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
});

afterEach(async () => {
  await dropDatabase(services, database);
  await workspace.remove();
});

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
  beforeEach(async () => {
    await workspace.write(
      'plans/environments.yaml',
      `environments:\n  prod:\n    postgres: ${postgresYaml(services, database.name)}\n    repository: { folder: ${workspace.repositoryFolder} }\n`,
    );
  });

  test('the nightly run leaves a verified artifact, a record, and a status that is green', async () => {
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(0);

    const keys = await workspace.artifactKeys();
    const name = keys.find((key) => key.endsWith('.manifest.json'))?.replace('.manifest.json', '') ?? '';
    expect(keys).toEqual(
      ['.RESTORE.md', '.dump.zst', '.dump.zst.sha256', '.manifest.json', '.verified.json'].map(
        (suffix) => name + suffix,
      ),
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
  });

  test('the artifact comes back by its own guide with stock tools, equal to the original', async () => {
    expect((await workspace.run(['nightly-prod'], variables)).code).toBe(0);
    const keys = await workspace.artifactKeys();
    const guide = await readFile(
      join(workspace.repositoryFolder, keys.find((key) => key.endsWith('RESTORE.md')) ?? ''),
      'utf8',
    );
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
    await workspace.write(
      'plans/environments.yaml',
      `environments:\n  prod:\n    postgres: ${postgresYaml(services, database.name)}\n    repository:\n      folder: ${workspace.repositoryFolder}\n      encrypt: { age: [${recipient}], identity: { file: ${identity} } }\n`,
    );
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

  test('no secret stands in anything that a run leaves', async () => {
    const told = await workspace.run(['nightly-prod'], variables);
    const { stdout } = await promisify(execFile)('grep', ['-rlF', services.postgres.password, '.'], {
      cwd: workspace.folder,
    }).catch((error: unknown) => error as { stdout: string });
    expect(stdout).toBe('');
    expect(told.text).not.toContain(services.postgres.password);
  });
});

describe('into a bucket', () => {
  let bucket: string;

  beforeEach(async () => {
    bucket = await createBucket(services, { versioning: true });
    await workspace.write(
      'plans/environments.yaml',
      `environments:\n  prod:\n    postgres: ${postgresYaml(services, database.name)}\n    repository: { s3: ${s3Yaml(services, bucket)} }\n`,
    );
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

      const { stdout: guide } = await promisify(execFile)(
        'aws',
        [
          '--endpoint-url',
          services.s3.endpoint,
          's3',
          'cp',
          `s3://${bucket}/${dump?.replace('.dump.zst', '.RESTORE.md') ?? ''}`,
          '-',
        ],
        { env: { ...process.env, ...variables, AWS_REGION: services.s3.region } },
      );
      await executeGuide(guide, join(workspace.folder, 'restore'), target);
      expect(await contentsOf(target)).toBe(await contentsOf(database.name));
    } finally {
      client.destroy();
      await dropDatabase(services, { ...database, name: target });
    }
    expect(await workspace.run(['status', '--check'], variables)).toMatchObject({ code: 0 });
  });
});
