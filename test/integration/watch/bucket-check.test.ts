import { PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { openBucket } from '../../../src/bucket/open-bucket.ts';
import { changeBucket } from '../../../src/bucket/change-bucket.ts';
import { compareBucket } from '../../../src/bucket/compare.ts';
import type { Bucket } from '../../../src/language/environment/bucket.ts';
import check from '../../../tasks/bucket-check.ts';
import { declared } from '../../fixtures/declared.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../../services/bucket.ts';
import { s3Location, s3Secrets } from '../../services/repository.ts';
import { attempt } from '../task/attempt.ts';

const services = inject('services');
const dayMs = 86_400_000;
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

function bucket(changes: Partial<Bucket> = {}): Bucket {
  return {
    name,
    connection: s3Location(services, changes.name ?? name, ''),
    usedBy: [],
    create: false,
    versioning: true,
    tags: {},
    lifecycle: [
      {
        id: 'nightly',
        prefix: 'prod/',
        tags: {},
        transitions: [],
        expireDeleteMarkers: false,
        expireAfterMs: 70 * dayMs,
      },
    ],
    ...changes,
  };
}

/** Brings the bucket to a wish, as `run-plan apply` does. */
async function apply(wish: Bucket): Promise<void> {
  const store = await openBucket(wish.connection, secrets);
  try {
    await changeBucket(store, wish, { confirmed: await compareBucket(store, wish), allowWeaker: true });
  } finally {
    store.close();
  }
}

function checked(buckets: readonly Bucket[], parameters: Parameters<typeof check.run>[1] = {}) {
  return attempt(check, parameters, {
    environment: { name: 'prod', protected: false },
    repository: memoryRepository(),
    password: 'unused',
    secrets,
    declared: declared({
      buckets: buckets.map((each) => each.name),
      bucket: (wanted) => buckets.find((each) => each.name === wanted) ?? bucket({ name: wanted }),
    }),
  });
}

test('a changed lifecycle of a real bucket is drift, and so is suspended versioning', async () => {
  await apply(bucket());
  const { result } = await checked([bucket()]);
  expect(result.facts).toEqual({
    checks: [{ name: `bucket ${name}`, expected: 'as declared', state: 'passed', found: 'as declared' }],
  });

  const [rule] = bucket().lifecycle;
  if (rule === undefined) throw new Error('it has a rule');
  await apply(bucket({ lifecycle: [{ ...rule, expireAfterMs: 7 * dayMs }] }));
  await expect(checked([bucket()])).rejects.toMatchObject({
    code: 'drift-found',
    exitCode: 21,
    message: expect.stringContaining('is 7d, not 70d') as string,
    hint: expect.stringContaining('run-plan diff') as string,
    facts: {
      checks: [{ name: `bucket ${name}`, state: 'failed' }],
      buckets: [{ name, differences: [{ setting: 'lifecycle', is: '7d', should: '70d' }] }],
    },
  });

  await apply(bucket());
  await client.send(
    new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: 'Suspended' } }),
  );
  await expect(checked([bucket()])).rejects.toMatchObject({
    code: 'drift-found',
    message: expect.stringContaining('versioning is') as string,
  });
});

test('a bucket that is not there does not hide how the others are', async () => {
  await apply(bucket());
  const absent = bucket({ name: `absent-${name}` });
  await expect(checked([absent, bucket()])).rejects.toMatchObject({
    code: 'check-failed',
    facts: {
      checks: [
        { name: `bucket absent-${name}`, state: 'failed', message: `There is no bucket absent-${name}` },
        { name: `bucket ${name}`, state: 'passed' },
      ],
    },
  });
  await expect(checked([absent, bucket()], { buckets: [name] })).resolves.toBeDefined();
  await expect(checked([])).rejects.toMatchObject({ code: 'check-failed' });
});
