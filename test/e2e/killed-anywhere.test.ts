import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../services/bucket.ts';
import type { TestDatabase } from '../services/database.ts';
import { startFaultProxy, type Fault, type FaultProxy } from '../services/fault-proxy.ts';
import { until } from '../fixtures/until.ts';
import { createProduction, type Production } from './production.ts';
import { nightlyPlan, s3Yaml, secretVariables, type Told, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
let production: Production;
let workspace: Workspace;
let database: TestDatabase;
let bucket: string;
let proxy: FaultProxy;

beforeEach(async () => {
  [bucket, proxy] = await Promise.all([createBucket(services), startFaultProxy(services.s3.endpoint)]);
  production = await createProduction(
    services,
    'create table orders as select n, md5(n::text) from generate_series(1, 5000) n',
    { repository: `{ s3: ${s3Yaml(services, bucket, proxy.endpoint)} }` },
  );
  ({ workspace, database } = production);
  // One is kept, so that every run has the one before to remove.
  await workspace.write(
    'plans/nightly-prod.yaml',
    nightlyPlan.replace(/retention: .*/, 'retention: { keep-last: 1 }'),
  );
});

afterEach(async () => {
  await production.remove();
  await proxy.stop();
  await emptyAndRemoveBucket(services, bucket);
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
async function endAt(point: Omit<Fault & { kind: 'hang' }, 'kind'>, signal: NodeJS.Signals): Promise<Told> {
  const struck = proxy.inject({ kind: 'hang', ...point });
  const run = workspace.start(['nightly-prod'], variables);
  await until('the run stands at the point', () => struck() > 0);
  run.process.kill(signal);
  const told = await run.ended;
  proxy.clear();
  // Its lock goes with its session, a moment after it.
  await until('its database sessions are gone', async () => {
    const sessions = await database.query(
      'select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    return sessions.length === 0;
  });
  return told;
}

async function nextRunIsGreen(): Promise<Told> {
  const next = await workspace.run(['nightly-prod'], variables);
  expect(next.code, next.text).toBe(0);
  expect((await workspace.run(['status', '--check'], variables)).code).toBe(0);
  expect(await artifactStates()).not.toContain('damaged');
  return next;
}

/** Runs of the plan, oldest first by the time of their first event. */
async function newestRunId(): Promise<string> {
  const firsts = (await workspace.journals('nightly-prod')).map(([first]) => first);
  const newest = firsts.toSorted((a, b) => String(a?.['at']).localeCompare(String(b?.['at']))).at(-1);
  return String(newest?.['runId']);
}

test('runs killed at any point leave no half artifact; each is named by the next, which gets further, and the last is green', async () => {
  let killed: string | undefined;
  for (const [where, point] of points) {
    const told = await endAt(point, 'SIGKILL');
    expect(told.signal, where).toBe('SIGKILL');
    if (killed !== undefined) expect(told.text, where).toContain(killed);
    killed = await newestRunId();
    expect(await artifactStates(), where).not.toContain('damaged');
  }
  expect((await nextRunIsGreen()).text).toContain(killed);

  // While it prunes: the newest artifact is whole, and the next run finishes the work.
  await endAt(removal, 'SIGKILL');
  expect((await artifactStates())[0]).toBe('verified');
  await nextRunIsGreen();
  expect((await artifactStates()).filter((state) => state === 'verified')).toHaveLength(1);
});

test('runs terminated while they store leave nothing of their artifact and no upload, and the next is green', async () => {
  const client = s3Client(services);
  onTestFinished(() => {
    client.destroy();
  });
  for (const [where, point] of points.slice(0, 4)) {
    const told = await endAt(point, 'SIGTERM');
    expect(told.code, `${where}: ${told.text}`).toBe(143);
    expect(
      (await keys()).filter((key) => key.startsWith('prod/pg_')),
      where,
    ).toEqual([]);
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads ?? [], where).toEqual([]);
  }
  await nextRunIsGreen();
});

test('a store that answers 503 for a while is asked again; to every upload it makes the run red, and nothing is lost', async () => {
  const struck = proxy.inject({ kind: 'answer', status: 503, code: 'SlowDown', times: 3 });
  await nextRunIsGreen();
  expect(struck()).toBe(3);
  const before = await keys();
  proxy.inject({ kind: 'answer', status: 503, code: 'SlowDown', method: 'PUT', url: /\.dump\.zst/ });
  const told = await workspace.run(['nightly-prod'], variables);
  expect(told.code, told.text).toBe(20);
  expect(told.text).toMatch(/503|SlowDown|slow down|busy|throttl/i);
  expect((await keys()).filter((key) => !key.includes('/runs/'))).toEqual(
    before.filter((key) => !key.includes('/runs/')),
  );
});
