import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule as StoredRule,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { openBucket } from '../../../src/bucket/open-bucket.ts';
import { changeBucket } from '../../../src/bucket/change-bucket.ts';
import { compareBucket, type BucketComparison } from '../../../src/bucket/compare.ts';
import type { Bucket } from '../../../src/language/environment/bucket.ts';
import { Failure } from '../../../src/base/failure.ts';
import { wire, type S3 } from '../../../src/s3/client.ts';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../../services/bucket.ts';
import { dayMs, locationOf, rule, s3Secrets, wished } from './wishes.ts';

const services = inject('services');
const secrets = s3Secrets(services);

let client: S3Client;
let name: string;

beforeEach(async () => {
  client = s3Client(services);
  name = await createBucket(services);
});

afterEach(async () => {
  await emptyAndRemoveBucket(services, name);
  client.destroy();
});

/** Rules alone: they are what another apply could leave half. */
function wish(days: number): Bucket {
  return wished(locationOf(services, name), {
    lifecycle: [
      rule('old', { noncurrent: { transitions: [], expireAfterMs: days * dayMs } }),
      rule('leftovers', { abortIncompleteUploadsAfterMs: 7 * dayMs }),
    ],
  });
}

async function withStore<Result>(bucket: Bucket, use: (store: S3) => Promise<Result>): Promise<Result> {
  const store = await openBucket(bucket.connection, secrets);
  try {
    return await use(store);
  } finally {
    store.close();
  }
}

function compare(bucket: Bucket): Promise<BucketComparison> {
  return withStore(bucket, (store) => compareBucket(store, bucket));
}

/** An apply of what was confirmed before; `onRequest` is called before each request, counted from 1. */
async function apply(
  bucket: Bucket,
  confirmed: BucketComparison,
  onRequest: (count: number) => Promise<void> = () => Promise.resolve(),
): Promise<'done' | Failure> {
  return withStore(bucket, async (store) => {
    let count = 0;
    store[wire].client.middlewareStack.add(
      (next) => async (args) => {
        count += 1;
        await onRequest(count);
        return next(args);
      },
      { step: 'initialize', name: 'count' },
    );
    try {
      await changeBucket(store, bucket, { confirmed, allowWeaker: false });
      return 'done';
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
  });
}

/** The rules that act on objects, each as `id:days`; those of a try act on nothing. */
async function acting(): Promise<readonly string[]> {
  const rules = await client
    .send(new GetBucketLifecycleConfigurationCommand({ Bucket: name }))
    .then(({ Rules = [] }) => Rules)
    .catch((error: unknown): StoredRule[] => {
      if (error instanceof Error && error.name === 'NoSuchLifecycleConfiguration') return [];
      throw error;
    });
  return rules
    .filter(({ ID }) => ID?.startsWith('run-plan-rehearsal-') !== true)
    .map(
      ({ ID = '', NoncurrentVersionExpiration: expiry, AbortIncompleteMultipartUpload: abort }) =>
        `${ID}:${String(expiry?.NoncurrentDays ?? abort?.DaysAfterInitiation)}`,
    )
    .sort();
}

const whole = (days: number): readonly string[] => ['leftovers:7', `old:${String(days)}`];

/** Where two applies cut into each other: the second runs up to a request, the first to its end, the second on. */
interface Cut {
  /** The second begins before this request of the first. */
  readonly first: number;
  readonly second: number;
}

async function applyBoth(
  one: Bucket,
  other: Bucket,
  cut: Cut,
): Promise<{ readonly outcomes: readonly ('done' | Failure)[]; readonly isCut: boolean }> {
  const [confirmed, seen] = [await compare(one), await compare(other)];
  const reached = Promise.withResolvers<undefined>();
  const release = Promise.withResolvers<undefined>();
  let second: Promise<'done' | Failure> | undefined;
  const first = await apply(one, confirmed, async (count) => {
    if (count !== cut.first) return;
    second = apply(other, seen, async (inner) => {
      if (inner !== cut.second) return;
      reached.resolve(undefined);
      await release.promise;
    });
    await Promise.race([reached.promise, second]);
  });
  release.resolve(undefined);
  const last = await second;
  return { outcomes: last === undefined ? [first] : [first, last], isCut: last !== undefined };
}

/** An apply of rules: read, then try, read, write, read. Before the first request of all nothing is cut. */
const requests = [2, 3, 4, 5] as const;
const cuts: readonly Cut[] = requests.flatMap((first) => requests.map((second) => ({ first, second })));

test('two applies of one YAML: however they cut into each other, what is told as done stands, and nothing is half', async () => {
  const told = new Set<string>();
  for (const [index, cut] of cuts.entries()) {
    const [before, after] = [await acting(), whole(10 + index)];
    const { outcomes, isCut } = await applyBoth(wish(10 + index), wish(10 + index), cut);
    const rules = await acting();
    const where = JSON.stringify(cut);
    expect(isCut, where).toBe(true);
    expect(outcomes.includes('done') ? [after] : [before, after], where).toContainEqual(rules);
    for (const outcome of outcomes) {
      if (outcome !== 'done') expect(outcome, where).toMatchObject({ code: 'bucket-changed' });
      told.add(outcome === 'done' ? 'done' : outcome.code);
    }
    expect(await apply(wish(10 + index), await compare(wish(10 + index))), where).toBe('done');
    expect(await acting(), where).toEqual(after);
  }
  expect([...told].sort()).toEqual(['bucket-changed', 'done']);
});

test('an apply that finds the try of another in place of its rules leaves the other to finish', async () => {
  const [confirmed, seen] = [await compare(wish(30)), await compare(wish(30))];
  const [read, tried, written, released] = Array.from({ length: 4 }, () =>
    Promise.withResolvers<undefined>(),
  );
  // The other has read; the first writes and is about to read back; the other tries its rules; the first reads that.
  const other = apply(wish(30), seen, async (count) => {
    if (count === 2) {
      read?.resolve(undefined);
      await written?.promise;
    }
    if (count === 3) {
      tried?.resolve(undefined);
      await released?.promise;
    }
  });
  await read?.promise;
  const first = await apply(wish(30), confirmed, async (count) => {
    if (count !== 5) return;
    written?.resolve(undefined);
    await tried?.promise;
  });
  released?.resolve(undefined);
  expect(first).toMatchObject({ code: 'bucket-changed' });
  expect(await other).toBe('done');
  expect(await acting()).toEqual(whole(30));
});

test('two applies of different YAML: the rules are those of one or of the other, never a mixture', async () => {
  for (const [index, cut] of cuts.entries()) {
    const [own, others] = [40 + index, 80 + index];
    const before = await acting();
    const { outcomes } = await applyBoth(wish(own), wish(others), cut);
    const where = `${JSON.stringify(cut)}: ${outcomes.map((outcome) => (outcome === 'done' ? outcome : outcome.message)).join(' / ')}`;
    expect([before, whole(own), whole(others)], where).toContainEqual(await acting());
    expect(await apply(wish(own), await compare(wish(own))), where).toBe('done');
    expect(await acting(), where).toEqual(whole(own));
  }
});

test('applies that run side by side leave what was there or what was wished, and a further one finishes', async () => {
  for (let round = 1; round <= 6; round += 1) {
    const days = 30 + round;
    const before = await acting();
    const confirmed = await compare(wish(days));
    const outcomes = await Promise.all([1, 2, 3].map(() => apply(wish(days), confirmed)));
    for (const outcome of outcomes)
      if (outcome !== 'done') expect(['bucket-changed', 'bucket-kept-otherwise']).toContain(outcome.code);
    expect([before, whole(days)]).toContainEqual(await acting());
    expect(await apply(wish(days), await compare(wish(days)))).toBe('done');
    expect((await compare(wish(days))).rows).toEqual([]);
  }
});
