import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Finding } from '../../src/check/check.ts';
import { findProgram } from '../../src/process/tool.ts';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../services/bucket.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import { startFaultProxy, type FaultProxy } from '../services/fault-proxy.ts';
import { createWorkspace, nightlyPlan, postgresYaml, secretVariables, type Workspace } from './workspace.ts';

const services = inject('services');

/** May log in and read nothing. */
const poor = `poor_${randomBytes(6).toString('hex')}`;

let workspace: Workspace;
let database: TestDatabase;
let repository: string;
let uploads: string;
let proxy: FaultProxy;
let skewed: FaultProxy;
let variables: Record<string, string>;

beforeAll(async () => {
  workspace = await createWorkspace();
  database = await createDatabase(services);
  await database.query('create table bookings (id int primary key)');
  repository = await createBucket(services);
  uploads = await createBucket(services, { versioning: true });
  proxy = await startFaultProxy(services.s3.endpoint);
  skewed = await startFaultProxy(services.s3.endpoint);
  const yesterday = new Date(Date.now() - 86_400_000).toUTCString();
  skewed.inject({ kind: 'answer', status: 200, method: 'HEAD', body: '', headers: { date: yesterday } });
  variables = secretVariables(services);
  const s3 = (bucket: string, endpoint: string): string =>
    `s3: { bucket: ${bucket}, region: ${services.s3.region}, endpoint: "${endpoint}", force-path-style: true }`;
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    protected: true
    postgres: ${postgresYaml(services, database.name)}
    repository: { ${s3(repository, proxy.endpoint)} }
    uploads: { ${s3(uploads, proxy.endpoint)} }
  away:
    postgres: { host: 127.0.0.1, port: 1, database: x, user: x, password: { env: NOT_SET_ANYWHERE } }
    repository: { folder: ${join(workspace.folder, 'absent', 'deeper')} }
    uploads: { ${s3(repository, skewed.endpoint)} }
  poor:
    postgres: ${postgresYaml(services, database.name, { user: poor })}
    repository: { folder: ${workspace.repositoryFolder} }
buckets:
  ${uploads}:
    versioning: true
    lifecycle:
      - id: old-versions
        noncurrent: { expire-after: 30d, keep-newest: 3 }
`,
  );
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
  await workspace.write('plans/nightly-poor.yaml', nightlyPlan.replaceAll('prod', 'poor'));
  await database.query(`create role ${poor} login password '${services.postgres.password}'`);
});

afterAll(async () => {
  await database.query(`drop role ${poor}`);
  await dropDatabase(services, database);
  await Promise.all([repository, uploads].map((bucket) => emptyAndRemoveBucket(services, bucket)));
  await Promise.all([proxy.stop(), skewed.stop()]);
  await workspace.remove();
});

async function examine(words: readonly string[], changes: Readonly<Record<string, string>> = {}) {
  const told = await workspace.run(['doctor', ...words, '--json'], { ...variables, ...changes });
  const findings = JSON.parse(told.stdout) as readonly Finding[];
  const of = (what: string): Finding | undefined => findings.find((finding) => finding.what === what);
  const wrong = findings.filter(({ state }) => state !== 'ok').map(({ what, state }) => `${state} ${what}`);
  return { code: told.code, text: told.text, findings, of, wrong };
}

test('a sound environment is found sound, and nothing is written to it', async () => {
  const { code, of, wrong, text } = await examine(['prod']);
  expect(wrong, text).toEqual(['warn capabilities']);
  expect(code, text).toBe(0);
  expect(of('postgres')?.found).toContain(`PostgreSQL ${String(services.postgres.major)}`);
  expect(of('postgres clients')?.found).toContain('pg_dump');
  expect(of('rights to dump')?.found).toContain('1 tables');
  expect(of('repository')?.found).toContain('it is empty');
  expect(of('uploads')?.found).toContain('keeps versions');
  expect(of('clock of the repository')?.state).toBe('ok');
  expect(of('secret postgres.password')?.found).toBe('environment variable TEST_PGPASSWORD');
  expect(text).not.toContain(services.postgres.password);
  expect(proxy.seen.length).toBeGreaterThan(3);
  expect([...new Set(proxy.seen.map(({ method }) => method))].sort()).toEqual(['GET', 'HEAD']);
  expect(await readdir(join(workspace.folder, 'state'))).toEqual([]);
  // The same by the plan that uses it.
  expect((await examine(['nightly-prod'])).findings.map(({ what }) => what)).toContain('rights to dump');
});

test('what is missing or away is told with what to do, and hides nothing of the rest', async () => {
  const path = join(workspace.folder, 'programs');
  await mkdir(path);
  for (const program of ['bash', 'flock'])
    await symlink(findProgram(program, process.env['PATH']) ?? program, join(path, program));
  const { code, of, findings, wrong, text } = await examine([], { PATH: path });
  expect(code, text).toBe(11);
  expect(wrong).toEqual(
    expect.arrayContaining([
      'fail zstd',
      'warn systemctl',
      'fail secret postgres.password',
      'fail clock of the uploads',
      'warn uploads',
      'fail rights to dump',
    ]),
  );
  const away = findings.filter(({ subject }) => subject === 'environment away');
  expect(away.find(({ what }) => what === 'postgres')?.found).toContain('not asked');
  expect(away.find(({ what }) => what === 'repository')?.state).toBe('fail');
  expect(of('zstd')?.hint).toContain('apt-get install zstd');
  const prod = findings.filter(({ subject, state }) => subject === 'environment prod' && state !== 'ok');
  expect(prod).toEqual([]);

  const shown = await workspace.run(['doctor', 'poor'], variables);
  expect(shown.code, shown.text).toBe(11);
  expect(shown.stdout).toMatch(/FAIL +rights to dump +poor_\w+ cannot read table public\.bookings/);
  expect(shown.stdout).toContain('→ Grant it');
  const unknown = await workspace.run(['doctor', 'prd'], variables);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain("did you mean 'prod'?");
});

test('of a plan that leaves tables out the role need not read them', async () => {
  const dump = '  - task: postgres-dump\n';
  expect(nightlyPlan).toContain(dump);
  await workspace.write(
    'plans/part-poor.yaml',
    nightlyPlan
      .replaceAll('prod', 'poor')
      .replace(dump, `${dump}    with: { exclude: { tables: ["public.book*"] } }\n`),
  );
  const { of } = await examine(['part-poor']);
  expect(of('rights to dump a part')).toMatchObject({
    state: 'ok',
    found: 'every one of 0 tables can be read',
  });
  expect(of('rights to dump')).toBeUndefined();
  await rm(join(workspace.folder, 'plans/part-poor.yaml'));
});

test('a store is probed when that is asked for, without touching what is in it; what it lacks is told at its place', async () => {
  proxy.clear();
  const { code, findings, text } = await examine(['prod', '--fresh']);
  const store = findings.filter(({ subject }) => subject === `store ${proxy.endpoint}`);
  expect(store.length).toBeGreaterThan(15);
  expect(findings.find(({ what }) => what === 'uploads to the repository')?.found, text).toBe(
    'would be taken',
  );
  const written = proxy.seen.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
  const touched = [...new Set(written.map(({ url }) => url.split(/[?]/)[0]?.split('/')[1] ?? ''))];
  expect(touched.filter((bucket) => !bucket.startsWith('run-plan-probe-'))).toEqual([repository]);
  expect(
    written.filter(({ url }) => url.startsWith(`/${repository}`)).map(({ method, url }) => [method, url]),
  ).toEqual([['PUT', `/${repository}/.run-plan-trial?x-id=PutObject`]]);
  const client = s3Client(services);
  const versions = await client.send(new ListObjectVersionsCommand({ Bucket: repository }));
  client.destroy();
  expect(versions.Versions ?? []).toEqual([]);
  if (services.s3.flavour !== 'ceph') return;

  expect(code, text).toBe(11);
  expect(findings.filter(({ state }) => state === 'fail')).toMatchObject([
    {
      subject: `bucket ${uploads}`,
      what: 'lifecycle',
      where: 'plans/environments.yaml:19:55',
      hint: expect.stringContaining('leave keep-newest out') as string,
    },
  ]);
  // Later commands know it from the state folder, without another probe.
  proxy.clear();
  const diff = await workspace.run(['diff', uploads], variables);
  expect(diff.code, diff.text).toBe(11);
  expect(diff.stdout).toContain('! plans/environments.yaml:19:55 The store at');
  const apply = await workspace.run(['apply', uploads, '--yes', 'prod'], variables);
  expect(apply.code, apply.text).toBe(11);
  expect(proxy.seen.map(({ method }) => method)).not.toContain('PUT');
});
