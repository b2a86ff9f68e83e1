import {
  DeleteBucketLifecycleCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { openBucket } from '../../../src/bucket/open-bucket.ts';
import { changeBucket } from '../../../src/bucket/change-bucket.ts';
import { compareBucket } from '../../../src/bucket/compare.ts';
import type { PlantedCanary } from '../../../src/bucket/canary/ledger.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { LifecycleRule } from '../../../src/language/environment/bucket.ts';
import { Failure } from '../../../src/base/failure.ts';
import type { BucketCanaryParameters } from '../../../src/language/generated/bucket-canary.types.ts';
import type { CheckFact } from '../../../src/language/facts.ts';
import task from '../../../tasks/bucket-canary.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { until } from '../../fixtures/until.ts';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../../services/bucket.ts';
import { startGateway, type Gateway } from '../../services/gateway.ts';
import type { RunningService } from '../../services/running-service.ts';
import type { Services } from '../../services/services.ts';
import { attempt } from '../task/attempt.ts';
import { dayMs, locationOf, rule, s3Secrets, wished } from './wishes.ts';

const shared = inject('services');
let gateway: RunningService<Gateway>;
let folder: string;
let bucket: string;
let client: S3Client;

beforeAll(async () => {
  gateway = await startGateway(shared, { lifecycleDaySeconds: 3 });
});
afterAll(() => gateway.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-canary-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** One run of the step, `days` from now. */
async function look(services: Services, days: number, parameters: BucketCanaryParameters = {}) {
  const store = { kind: 's3' as const, s3: { ...locationOf(services, bucket), prefix: 'prod' } };
  const environment = {
    name: 'test',
    protected: false,
    ...(parameters.of === 'repository' ? { repository: { store } } : { uploads: { store } }),
  };
  const clock = { ...systemClock, now: () => new Date(Date.now() + days * dayMs) };
  const kept = join(folder, 'kept', `run-${String(days)}`, 'step');
  const options = {
    environment,
    repository: memoryRepository(),
    password: 'unused',
    secrets: s3Secrets(services),
  };
  try {
    const { result, said } = await attempt(task, parameters, { ...options, clock, kept });
    return { facts: result.facts, notes: said.notes, warnings: said.warnings };
  } catch (error) {
    if (error instanceof Failure) return { failure: error, notes: [], warnings: [] };
    throw error;
  }
}

async function canaries(): Promise<readonly PlantedCanary[]> {
  const at = join(folder, 'bucket-canary');
  const [file = ''] = await readdir(at);
  const ledger = JSON.parse(await readFile(join(at, file), 'utf8')) as { canaries: PlantedCanary[] };
  return ledger.canaries;
}

async function withRules(services: Services, lifecycle: LifecycleRule[], use: () => Promise<void>) {
  client = s3Client(services);
  bucket = await createBucket(services, { versioning: true });
  const wish = wished(locationOf(services, bucket), { lifecycle });
  const store = await openBucket(wish.connection, s3Secrets(services));
  try {
    await changeBucket(store, wish, { confirmed: await compareBucket(store, wish), allowWeaker: false });
    await use();
  } finally {
    store.close();
    await emptyAndRemoveBucket(services, bucket);
    client.destroy();
  }
}

const rules = [
  rule('daily', { prefix: 'daily/', tags: { tier: 'daily' }, expireAfterMs: dayMs }),
  rule('old', { prefix: 'old/', noncurrent: { transitions: [], expireAfterMs: dayMs } }),
  rule('cold', { prefix: 'cold/', transitions: [{ afterMs: dayMs, to: 'STANDARD_IA' }] }),
];

test('canaries that are not due wait; those that no rule has acted on are a failed check', async () => {
  await withRules(shared, rules, async () => {
    const first = await look(shared, 0);
    expect(first.facts).toMatchObject({ checks: [], canaries: { planted: 6, waiting: 0 } });
    const planted = await canaries();
    expect(planted.map(({ rule: id, act }) => `${id} ${act}`).sort()).toEqual([
      'cold control',
      'cold moves',
      'daily control',
      'daily expires',
      'old control',
      'old expires as a noncurrent version',
    ]);
    // The control of a rule of tags lies under the same prefix, without the tags.
    expect(planted.find((one) => one.rule === 'daily' && one.act === 'control')?.key).toMatch(/^daily\//);
    const second = await look(shared, 1);
    expect(second.facts).toMatchObject({ checks: [], canaries: { planted: 0, waiting: 6 } });
    expect(second.notes.join('\n')).toContain('rule daily: that it expires is due at');
    const due = await look(shared, 5);
    expect(due.failure).toMatchObject({ code: 'check-failed', exitCode: 21 });
    expect(due.failure?.message).toMatch(/3 of 6 checks/);
    await expect(look(shared, 6, { rules: ['dialy'] })).resolves.toMatchObject({
      failure: { code: 'check-failed', hint: expect.stringContaining('daily') as string },
    });
  });
});

test('rules that act are told as such; what is gone and was no rule’s is a failed check', async () => {
  const services = { ...shared, s3: gateway.service };
  await withRules(services, rules, async () => {
    expect((await look(services, 0)).facts).toMatchObject({ canaries: { planted: 6 } });
    const earlier = await canaries();
    let last: Awaited<ReturnType<typeof look>> | undefined;
    const told = new Set<string>();
    await until('every rule has acted', async () => {
      last = await look(services, 10);
      const facts = (last.failure?.facts ?? last.facts) as { checks: { name: string; state: string }[] };
      for (const { name, state } of facts.checks) if (state === 'passed') told.add(name);
      return told.size === 6;
    });
    expect([...told].sort()).toEqual([
      'rule cold acts on nothing else',
      'rule cold: what it is about moves',
      'rule daily acts on nothing else',
      'rule daily: what it is about expires',
      'rule old acts on nothing else',
      'rule old: what it is about expires as a noncurrent version',
    ]);
    // What has told is cleared away, and new ones stand.
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const control = earlier.find(({ act }) => act === 'control');
    expect(Versions.map(({ Key }) => Key)).not.toContain(control?.key);
    const next = (await canaries()).find(({ act }) => act === 'control');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: next?.key }));
    const { failure } = await look(services, 10);
    expect(failure?.message).toContain(`${next?.key ?? ''}, which no rule is about, is gone`);
  });
});

const otherRules = [
  rule('lonely', { prefix: 'lonely/', expireDeleteMarkers: true }),
  rule('parts', { prefix: 'parts/', abortIncompleteUploadsAfterMs: dayMs }),
  rule('past', { prefix: 'past/', noncurrent: { transitions: [{ afterMs: dayMs, to: 'GLACIER' }] } }),
  rule('slow', { prefix: 'both/', transitions: [{ afterMs: 60 * dayMs, to: 'STANDARD_IA' }] }),
  rule('quick', { prefix: 'both/', expireAfterMs: dayMs }),
];

test('in the bucket of a repository, markers, uploads and past versions go the way of their rules; of two rules for the same the first', async () => {
  const services = { ...shared, s3: gateway.service };
  await withRules(services, otherRules, async () => {
    const first = await look(services, 0, { of: 'repository' });
    const by = { rule: 'quick', act: 'expires', days: 1 };
    expect(first.facts).toMatchObject({
      canaries: { planted: 10, shared: [{ rule: 'slow', act: 'moves', days: 60, with: [by] }] },
    });
    expect(first.notes.join('\n')).toContain(
      'rule slow: that it moves after 60 d may never be seen: by rule quick the same expires after 1 d',
    );
    const planted = await canaries();
    expect(planted.filter(({ act }) => act !== 'control').map(({ key }) => key.split('/')[0])).toEqual([
      'lonely',
      'parts',
      'past',
      'both',
      'both',
    ]);
    const told = new Map<string, CheckFact>();
    await until('every rule has acted', async () => {
      const { facts, failure } = await look(services, 70, { of: 'repository' });
      const { checks } = (failure?.facts ?? facts) as { checks: CheckFact[] };
      for (const check of checks)
        if (check.state === 'passed' && !check.name.endsWith('acts on nothing else'))
          told.set(`${check.name}${check.found === undefined ? '' : ' first'}`, check);
      return told.size === 5;
    });
    expect([...told.keys()].sort()).toEqual([
      'rule lonely: what it is about expires as a delete marker',
      'rule parts: what it is about is aborted as an unfinished upload',
      'rule past: what it is about moves as a noncurrent version',
      'rule quick: what it is about expires',
      'rule quick: what it is about expires first',
    ]);
    const taken = planted.find(({ rule: id, act }) => id === 'slow' && act === 'moves');
    expect(told.get('rule quick: what it is about expires first')?.found).toContain(
      `it took ${taken?.key ?? ''} of`,
    );
    // What stands for a rule that is gone is cleared away, also an upload, and no longer waited for.
    const upload = (await canaries()).find(({ uploadId }) => uploadId !== undefined);
    await client.send(new DeleteBucketLifecycleCommand({ Bucket: bucket }));
    const last = await look(services, 0, { of: 'repository' });
    expect(last.facts).toMatchObject({ checks: [], canaries: { planted: 0, waiting: 0 } });
    expect(last.warnings.join('\n')).toContain(`nothing is told of ${upload?.key ?? ''}`);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(Uploads).toEqual([]);
  });
});
