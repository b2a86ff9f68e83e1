import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../services/bucket.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import { startFaultProxy, type Fault, type FaultProxy } from '../services/fault-proxy.ts';
import { until } from './until.ts';
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
let bucket: string;
let proxy: FaultProxy;

beforeEach(async () => {
  workspace = await createWorkspace();
  [database, bucket, proxy] = await Promise.all([
    createDatabase(services),
    createBucket(services),
    startFaultProxy(services.s3.endpoint),
  ]);
  await database.query('create table orders as select n, md5(n::text) from generate_series(1, 5000) n');
  await workspace.write(
    'plans/environments.yaml',
    `environments:\n  prod:\n    postgres: ${postgresYaml(services, database.name)}\n    repository: { s3: ${s3Yaml(services, bucket, proxy.endpoint)} }\n`,
  );
  // One is kept, so that every run has the one before to remove.
  await workspace.write(
    'plans/nightly-prod.yaml',
    nightlyPlan.replace(/retention: .*/, 'retention: { keep-last: 1 }'),
  );
});

afterEach(async () => {
  await proxy.stop();
  await dropDatabase(services, database);
  await emptyAndRemoveBucket(services, bucket);
  await workspace.remove();
});

/** Where a run stands still until it is killed: the store takes a request and never answers. */
const points: readonly (readonly [string, Omit<Fault & { kind: 'hang' }, 'kind'>])[] = [
  ['while the dump is uploaded', { method: 'PUT', url: /\.dump\.zst(\?|$)/ }],
  ['while the checksums are stored', { method: 'PUT', url: /\.sha256/ }],
  ['while RESTORE.md is stored', { method: 'PUT', url: /RESTORE\.md/ }],
  ['while the manifest is stored', { method: 'PUT', url: /manifest\.json/ }],
  ['while the dump is read back', { method: 'GET', url: /\.dump\.zst(\?|$)/ }],
  ['while the mark is stored', { method: 'PUT', url: /verified\.json/ }],
  ['while the record is stored', { method: 'PUT', url: /\/runs\// }],
];

const removal: Omit<Fault & { kind: 'hang' }, 'kind'> = { url: /[?&]delete(=|&|$)/, method: 'POST' };

async function keys(): Promise<string[]> {
  const client = s3Client(services);
  try {
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return (Contents ?? []).map(({ Key }) => Key ?? '');
  } finally {
    client.destroy();
  }
}

async function artifactStates(): Promise<string[]> {
  const listed = await workspace.run(['artifacts', '--json'], variables);
  return (JSON.parse(listed.stdout) as { state: string }[]).map(({ state }) => state);
}

/** Starts the plan, waits until it stands at the point, and sends the signal. */
async function endAt(
  point: Omit<Fault & { kind: 'hang' }, 'kind'>,
  signal: NodeJS.Signals,
): Promise<number | null> {
  const struck = proxy.inject({ kind: 'hang', ...point });
  const run = workspace.start(['nightly-prod'], variables);
  await until('the run stands at the point', () => Promise.resolve(struck() > 0), 30_000);
  const sentAt = performance.now();
  run.process.kill(signal);
  const told = await run.ended;
  expect(performance.now() - sentAt, 'it ends within 10 s').toBeLessThan(10_000);
  proxy.clear();
  return told.code;
}

async function nextRunIsGreen(): Promise<void> {
  const next = await workspace.run(['nightly-prod'], variables);
  expect(next.code, next.text).toBe(0);
  expect((await workspace.run(['status', '--check'], variables)).code).toBe(0);
  expect(await artifactStates()).not.toContain('damaged');
}

describe('a run killed', () => {
  test.each(points)(
    '%s leaves no half artifact, and the next run is green and names it',
    async (_, point) => {
      await endAt(point, 'SIGKILL');
      expect(await artifactStates()).not.toContain('damaged');
      const [journal] = await workspace.journals('nightly-prod');
      const next = await workspace.run(['nightly-prod'], variables);
      expect(next.code, next.text).toBe(0);
      expect(next.text).toContain(String(journal?.[0]?.['runId']));
      expect((await workspace.run(['status', '--check'], variables)).code).toBe(0);
      expect(await artifactStates()).not.toContain('damaged');
    },
  );

  test('while it prunes leaves the newest artifact whole, and the next run finishes the work', async () => {
    await nextRunIsGreen();
    await endAt(removal, 'SIGKILL');
    expect((await artifactStates())[0]).toBe('verified');
    await nextRunIsGreen();
    expect(await artifactStates()).toEqual(['verified']);
  });
});

describe('a run terminated', () => {
  test.each(points.slice(0, 4))('%s leaves nothing of its artifact and no upload', async (_, point) => {
    expect(await endAt(point, 'SIGTERM')).toBe(143);
    expect((await keys()).filter((key) => key.startsWith('prod/pg_'))).toEqual([]);
    const client = s3Client(services);
    try {
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      expect(Uploads ?? []).toEqual([]);
    } finally {
      client.destroy();
    }
    await nextRunIsGreen();
  });
});

describe('a store that answers 503', () => {
  test('for a while is asked again', async () => {
    const struck = proxy.inject({ kind: 'answer', status: 503, code: 'SlowDown', times: 3 });
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(0);
    expect(struck()).toBe(3);
  });

  test('to every upload makes the run red, and nothing is lost', async () => {
    await nextRunIsGreen();
    const before = await keys();
    proxy.inject({ kind: 'answer', status: 503, code: 'SlowDown', method: 'PUT', url: /\.dump\.zst/ });
    const told = await workspace.run(['nightly-prod'], variables);
    expect(told.code, told.text).toBe(20);
    expect(told.text).toMatch(/503|SlowDown|slow down|busy|throttl/i);
    expect((await keys()).filter((key) => !key.includes('/runs/'))).toEqual(
      before.filter((key) => !key.includes('/runs/')),
    );
  });
});
