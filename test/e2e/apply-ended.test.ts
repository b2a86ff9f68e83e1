import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../services/bucket.ts';
import { startFaultProxy, type Fault, type FaultProxy } from '../services/fault-proxy.ts';
import { until } from '../fixtures/until.ts';
import { createWorkspace, secretVariables, type Workspace } from './workspace.ts';

/** An apply that is ended in the middle, and one that meets another of the same host. */
const services = inject('services');

let workspace: Workspace;
let proxy: FaultProxy;
let client: S3Client;
let bucket: string;
let variables: Record<string, string>;

beforeEach(async () => {
  workspace = await createWorkspace();
  proxy = await startFaultProxy(services.s3.endpoint);
  client = s3Client(services);
  bucket = await createBucket(services);
  variables = secretVariables(services);
  await workspace.write(
    'plans/nothing.yaml',
    'description: Nothing\nenvironment: dev\ntimeout: 1m\nsteps: [{ run: "true" }]\n',
  );
  await declare(20);
});

afterEach(async () => {
  client.destroy();
  await proxy.stop();
  await emptyAndRemoveBucket(services, bucket);
  await workspace.remove();
});

async function declare(days: number): Promise<void> {
  await workspace.write(
    'plans/environments.yaml',
    `environments: { dev: { repository: { folder: "${workspace.repositoryFolder}" } } }
buckets:
  ${bucket}:
    region: ${services.s3.region}
    endpoint: "${proxy.endpoint}"
    force-path-style: true
    versioning: true
    lifecycle:
      - { id: old, noncurrent: { expire-after: ${String(days)}d } }
      - { id: leftovers, abort-incomplete-uploads-after: ${String(days)}d }
`,
  );
}

/** What the store has, each rule that acts on objects as `id:days`. */
async function stored(): Promise<string> {
  const { Status = 'off' } = await client.send(new GetBucketVersioningCommand({ Bucket: bucket }));
  const rules = await client
    .send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))
    .then(({ Rules = [] }) => Rules)
    .catch(() => []);
  const acting = rules
    .filter(({ ID }) => ID?.startsWith('run-plan-rehearsal-') !== true)
    .map(
      ({ ID = '', NoncurrentVersionExpiration: expiry, AbortIncompleteMultipartUpload: abort }) =>
        `${ID}:${String(expiry?.NoncurrentDays ?? abort?.DaysAfterInitiation)}`,
    )
    .sort();
  return [Status, ...acting].join(' ');
}

const whole = (days: number): string => `Enabled leftovers:${String(days)} old:${String(days)}`;

/** Applies; when the fault has struck the command is sent SIGTERM. */
async function endedAt(fault: Fault): Promise<void> {
  const struck = proxy.inject(fault);
  const started = workspace.start(['apply', bucket, '--yes'], variables);
  await until('the apply is there', () => struck() > 0);
  started.process.kill('SIGTERM');
  const told = await started.ended;
  expect(told.code, told.text).toBe(143);
  proxy.clear();
}

async function finishes(days: number): Promise<void> {
  const applied = await workspace.run(['apply', bucket, '--yes'], variables);
  expect(applied.code, applied.text).toBe(0);
  expect(await stored()).toBe(whole(days));
  expect((await workspace.run(['diff', bucket], variables)).code).toBe(0);
}

test('an apply that is ended leaves the former setting or the new one, and a further one finishes', async () => {
  const late = { kind: 'delay', ms: 1000, times: 1 } as const;
  await endedAt({ ...late, method: 'PUT', url: /[?&]versioning/ });
  expect(await stored()).toBe('Enabled');
  await finishes(20);

  await declare(30);
  // The rules are being tried.
  await endedAt({ ...late, method: 'PUT', url: /[?&]lifecycle/ });
  expect([whole(20), whole(30)]).toContain(await stored());
  await finishes(30);

  await declare(40);
  // The store has taken the rules, and nobody knows: its answer is lost, and so is that of every try of it.
  await endedAt({ kind: 'lose-answer', method: 'PUT', url: /[?&]lifecycle/ });
  expect([whole(30), whole(40)]).toContain(await stored());
  await finishes(40);

  await declare(50);
  await endedAt({ kind: 'hang', method: 'PUT', url: /[?&]lifecycle/ });
  expect(await stored()).toBe(whole(40));
  await finishes(50);
  const history = await workspace.run(['history', 'apply', '--json'], variables);
  const outcomes = (JSON.parse(history.stdout) as { readonly outcome: string }[]).map(
    ({ outcome }) => outcome,
  );
  expect(outcomes.filter((outcome) => outcome === 'cancelled')).toHaveLength(4);
});

test('of two applies of one host one waits for nobody: it is told who is at it', async () => {
  const told = Promise.withResolvers<undefined>();
  proxy.inject({ kind: 'hold', until: told.promise, times: 1, method: 'PUT', url: /[?&]versioning/ });
  const first = workspace.start(['apply', bucket, '--yes'], variables);
  await until('the first writes', () =>
    Promise.resolve(proxy.seen.some(({ method, url }) => method === 'PUT' && url.includes('versioning'))),
  );
  const second = await workspace.run(['apply', bucket, '--yes'], variables);
  expect(second.code, second.text).toBe(12);
  told.resolve(undefined);
  const ended = await first.ended;
  expect(ended.code, ended.text).toBe(0);
  expect(await stored()).toBe(whole(20));
});
