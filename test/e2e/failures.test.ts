import { execFile } from 'node:child_process';
import { chmod, mkdir, open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createBucket, emptyAndRemoveBucket } from '../services/bucket.ts';
import type { TestDatabase } from '../services/database.ts';
import { createProduction, type Production } from './production.ts';
import { nightlyPlan, s3Yaml, secretVariables, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
const execute = promisify(execFile);
let production: Production;
let workspace: Workspace;
let database: TestDatabase;

beforeEach(async () => {
  production = await createProduction(
    services,
    'create table orders as select n, md5(n::text) as note from generate_series(1, 1000) n',
  );
  ({ workspace, database } = production);
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
});

afterEach(() => production.remove());

/** Makes the plan dump with a client folder whose pg_dump does what the script says. */
async function useFakePgDump(script: string): Promise<void> {
  const folder = join(workspace.folder, 'programs');
  await mkdir(folder, { recursive: true });
  const version = `*--version*) echo "$(basename "$0") (PostgreSQL) ${String(services.postgres.major)}.0"; exit;;`;
  for (const name of ['pg_dump', 'pg_restore', 'pg_dumpall']) {
    await writeFile(join(folder, name), `#!/bin/bash\ncase "$*" in ${version} esac\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  await workspace.write(
    'plans/nightly-prod.yaml',
    nightlyPlan.replace('postgres-dump', `postgres-dump\n    with: { client-folder: ${folder} }`),
  );
}

describe('a run that cannot back up is red and says why', () => {
  test('a wrong password', async () => {
    const told = await workspace.run(['nightly-prod'], { ...variables, TEST_PGPASSWORD: 'not-the-password' });
    expect(told.code, told.text).toBe(20);
    expect(told.text).toMatch(/password/);
    expect(told.text).not.toContain('not-the-password');
    expect(await workspace.artifactKeys()).toEqual([]);
    expect(await workspace.records('nightly-prod')).toMatchObject([{ outcome: 'failed', exitCode: 20 }]);
  });

  test('a host where nothing listens', async () => {
    await production.declare({ postgres: { port: '1' } });
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(20);
    expect(told.text).toMatch(/127\.0\.0\.1:1\/.*nobody listens there/);
    expect(await workspace.records('nightly-prod')).toMatchObject([{ outcome: 'failed' }]);
  });

  test('a secret whose variable is not set names the place in the file', async () => {
    const told = await workspace.run(['nightly-prod'], { ...variables, TEST_PGPASSWORD: undefined });
    expect(told.code, told.text).toBe(11);
    expect(told.text).toMatch(/environments\.yaml:3:\d+.*TEST_PGPASSWORD/s);
  });

  test('a bucket that does not exist', async () => {
    await production.declare({ repository: `{ s3: ${s3Yaml(services, 'no-such-bucket-here')} }` });
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(20);
    expect(told.text).toContain('no-such-bucket-here');
    expect(await workspace.journals('nightly-prod')).toHaveLength(1);
  });

  test('a full disk', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'mounting a small tmpfs needs root');
    await database.query(
      `create table big as select n, string_agg(md5(random()::text), '') as noise from generate_series(1, 2000) n, generate_series(1, 100) group by n`,
    );
    await execute('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', workspace.repositoryFolder]);
    try {
      const told = await workspace.run(['nightly-prod'], variables);
      expect(told.code, told.text).toBe(20);
      expect(told.text).toMatch(/space/i);
      expect((await readdir(workspace.repositoryFolder)).filter((name) => name !== 'runs')).toEqual([]);
    } finally {
      await execute('umount', [workspace.repositoryFolder]);
    }
  });

  test('a read-only folder', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'a read-only mount needs root');
    await execute('mount', ['-t', 'tmpfs', '-o', 'size=4m,ro', 'tmpfs', workspace.repositoryFolder]);
    try {
      const told = await workspace.run(['nightly-prod'], variables);
      expect(told.code, told.text).toBe(20);
      expect(told.text).toMatch(/read-only/i);
    } finally {
      await execute('umount', [workspace.repositoryFolder]);
    }
  });

  test('pg_dump killed midway leaves no artifact', async () => {
    await useFakePgDump(`printf 'PGDMP-the-beginning'; kill -KILL $$`);
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(20);
    expect(told.text).toMatch(/pg_dump.*SIGKILL/s);
    expect(await workspace.artifactKeys()).toEqual([]);
  });

  test('a pg_dump that writes nothing and exits 0 leaves no artifact', async () => {
    await useFakePgDump('exit 0');
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(20);
    expect(await workspace.artifactKeys()).toEqual([]);
  });

  test('an artifact with one byte flipped is found, and an older good one stays', async () => {
    expect((await workspace.run(['nightly-prod'], variables)).code).toBe(0);
    const dump = (await workspace.artifactKeys()).find((key) => key.endsWith('.dump.zst')) ?? '';
    const file = await open(join(workspace.repositoryFolder, dump), 'r+');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, 2000);
    expect(bytesRead).toBe(1);
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 2000);
    await file.close();
    await workspace.write(
      'plans/verify-prod.yaml',
      'environment: prod\ntimeout: 5m\nsteps:\n  - task: artifact-verify\n    with: { depth: full }\n',
    );
    const told = await workspace.run(['verify-prod'], variables);
    expect(told.code, told.text).toBe(21);
    expect(told.text).toContain(dump);
    expect(await workspace.artifactKeys()).toContain(dump);
  });
});

describe('with a bucket', () => {
  let bucket: string;

  beforeEach(async () => {
    bucket = await createBucket(services);
  });

  afterEach(async () => {
    await emptyAndRemoveBucket(services, bucket);
  });

  test('wrong credentials are named, the secret is not', async () => {
    await production.declare({ repository: `{ s3: ${s3Yaml(services, bucket)} }` });
    const told = await workspace.run(['nightly-prod'], {
      ...variables,
      AWS_SECRET_ACCESS_KEY: 'an-entirely-wrong-secret',
    });
    expect(told.code, told.text).toBe(20);
    expect(told.text).toMatch(/credential|signature|access key/i);
    expect(told.text).not.toContain('an-entirely-wrong-secret');
  });
});

test('an empty database is backed up like any other', async () => {
  await database.query('drop table orders');
  const told = await workspace.run(['nightly-prod'], variables);
  expect(told.code, told.text).toBe(0);
});
