import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  type LifecycleRule as StoredRule,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { wire } from '../../../src/s3/client.ts';
import { openBucket } from '../../../src/bucket/open-bucket.ts';
import { changeBucket } from '../../../src/bucket/change-bucket.ts';
import type { SettingChange } from '../../../src/bucket/change-setting.ts';
import { compareBucket, type BucketComparison } from '../../../src/bucket/compare.ts';
import type { Bucket } from '../../../src/language/environment/bucket.ts';
import { createBucket, emptyAndRemoveBucket, putObjects, s3Client } from '../../services/bucket.ts';
import { startFaultProxy } from '../../services/fault-proxy.ts';
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

function wish(changes: Partial<Bucket>, endpoint = services.s3.endpoint): Bucket {
  return wished(locationOf(services, changes.name ?? name, endpoint), changes);
}

async function withStore<Result>(
  bucket: Bucket,
  action: (store: Awaited<ReturnType<typeof openBucket>>) => Promise<Result>,
): Promise<Result> {
  const store = await openBucket(bucket.connection, secrets);
  try {
    return await action(store);
  } finally {
    store.close();
  }
}

function compare(bucket: Bucket): Promise<BucketComparison> {
  return withStore(bucket, (store) => compareBucket(store, bucket));
}

function apply(bucket: Bucket, allowWeaker = false): Promise<readonly SettingChange[]> {
  return withStore(bucket, async (store) =>
    changeBucket(store, bucket, { confirmed: await compareBucket(store, bucket), allowWeaker }),
  );
}

async function storedRules(): Promise<readonly StoredRule[]> {
  try {
    return (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: name }))).Rules ?? [];
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}

async function putRules(Rules: StoredRule[]): Promise<void> {
  const foreign = s3Client(services);
  // Ceph wants the checksum that the SDK no longer sends.
  foreign.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { body: string; headers: Record<string, string> };
      request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
      return next(args);
    },
    { step: 'build', priority: 'low' },
  );
  await foreign.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket: name, LifecycleConfiguration: { Rules } }),
  );
  foreign.destroy();
}

test('every setting that this store has is applied, stands as declared, and a second time changes nothing', async () => {
  await putRules([
    { ID: 'of-others', Status: 'Enabled', Filter: { Prefix: 'theirs/' }, Expiration: { Days: 9 } },
  ]);
  const bucket = wish({
    versioning: true,
    tags: { purpose: 'backups' },
    policy: {
      statements: [{ Sid: 'NoRemoval', Effect: 'Deny', Principal: '*', Action: ['s3:DeleteBucketWebsite'] }],
    },
    lifecycle: [
      rule('nightly', {
        prefix: 'prod/',
        tags: { tier: 'daily' },
        transitions: [{ afterMs: 14 * dayMs, to: 'STANDARD_IA' }],
        expireAfterMs: 70 * dayMs,
      }),
      rule('old-versions', {
        noncurrent: { transitions: [{ afterMs: 7 * dayMs, to: 'GLACIER_IR' }], expireAfterMs: 30 * dayMs },
        expireDeleteMarkers: true,
      }),
      rule('leftovers', { abortIncompleteUploadsAfterMs: 7 * dayMs }),
    ],
  });
  const before = await compare(bucket);
  expect(before.faults).toEqual([]);
  expect(before.kept).toEqual(['lifecycle rule of-others']);
  expect(before.rows.map(({ key, is, should }) => [key, is, should])).toEqual(
    expect.arrayContaining([
      ['versioning', 'off', 'on'],
      ['tags.purpose', undefined, 'backups'],
      ['lifecycle.nightly.expire-after', undefined, '70d'],
      ['lifecycle.old-versions.noncurrent.expire-after', undefined, '30d'],
    ]),
  );
  const changes = await apply(bucket);
  expect(changes.map(({ setting }) => setting)).toEqual(['tags', 'versioning', 'policy', 'lifecycle']);
  expect((await storedRules()).map(({ ID }) => ID).sort()).toEqual([
    'leftovers',
    'nightly',
    'of-others',
    'old-versions',
  ]);
  expect((await client.send(new GetBucketVersioningCommand({ Bucket: name }))).Status).toBe('Enabled');
  expect((await client.send(new GetBucketTaggingCommand({ Bucket: name }))).TagSet).toEqual([
    { Key: 'purpose', Value: 'backups' },
  ]);
  expect((await compare(bucket)).rows).toEqual([]);
  expect(await apply(bucket)).toEqual([]);
});

test('what an operator protects is not weakened without being told to', async () => {
  await apply(wish({ versioning: true }));
  const weaker = wish({ versioning: false });
  await expect(apply(weaker)).rejects.toMatchObject({ code: 'bucket-weakened', exitCode: 2 });
  expect((await client.send(new GetBucketVersioningCommand({ Bucket: name }))).Status).toBe('Enabled');
  await apply(weaker, true);
  expect((await client.send(new GetBucketVersioningCommand({ Bucket: name }))).Status).toBe('Suspended');
});

test('a rule whose parts the store drops is tried on nothing, undone and told; the former rules stand', async () => {
  const dropped = [
    rule('newest', { noncurrent: { transitions: [], expireAfterMs: 30 * dayMs, keepNewest: 3 } }),
    rule('large', { largerThanBytes: 1_000_000, expireAfterMs: 30 * dayMs }),
  ];
  const former: StoredRule = {
    ID: 'of-others',
    Status: 'Enabled',
    Filter: { Prefix: 'theirs/' },
    Expiration: { Days: 9 },
  };
  for (const stood of [[], [former]]) {
    if (stood.length > 0) await putRules(stood);
    for (const each of dropped) {
      await expect(apply(wish({ versioning: true, lifecycle: [each] }))).rejects.toMatchObject({
        code: 'bucket-kept-otherwise',
        exitCode: 21,
        message: expect.stringMatching(
          /keep-newest: sent 3, kept nothing|larger-than: sent 1MB, kept nothing/,
        ) as string,
      });
      expect((await storedRules()).map(({ ID }) => ID)).toEqual(stood.map(({ ID }) => ID));
    }
  }
});

test('an absent bucket is made only when that was declared, with object lock when that is wished', async () => {
  const other = `test-${randomBytes(8).toString('hex')}`;
  const absent = wish({ name: other });
  await expect(compare(absent)).rejects.toMatchObject({ code: 'repository-missing' });
  const made = wish({
    name: other,
    create: true,
    versioning: true,
    objectLock: { mode: 'governance', forMs: 2 * dayMs },
  });
  expect((await compare(made)).rows[0]).toMatchObject({ is: 'absent', should: 'present, with object lock' });
  try {
    await apply(made);
    expect((await compare(made)).rows).toEqual([]);
    const shorter = { ...made, objectLock: { mode: 'governance' as const, forMs: dayMs } };
    await expect(apply(shorter)).rejects.toMatchObject({ code: 'bucket-weakened' });
  } finally {
    await emptyAndRemoveBucket(services, other);
  }
});

test('default encryption, which this store does not have, is refused with what to do instead', async () => {
  const { faults, rows } = await compare(wish({ encryption: { algorithm: 'AES256' }, versioning: true }));
  expect(rows).toHaveLength(1);
  expect(faults).toMatchObject([
    {
      setting: 'encryption',
      failure: { code: 'store-lacks', exitCode: 11, hint: expect.stringContaining('repository') as string },
    },
  ]);
});

test.runIf(services.s3.flavour === 'ceph')(
  'a public access block under which this store refuses every upload is undone',
  async () => {
    await expect(apply(wish({ blockPublicAccess: true }))).rejects.toMatchObject({
      code: 'bucket-kept-otherwise',
      message: expect.stringContaining('refuses every upload') as string,
    });
    await putObjects(services, name, ['still-taken']);
    expect((await client.send(new ListObjectVersionsCommand({ Bucket: name }))).Versions).toHaveLength(1);
  },
);

test('a call that is denied is told with its permission, and nothing is applied', async () => {
  const proxy = await startFaultProxy(services.s3.endpoint);
  try {
    proxy.inject({ kind: 'answer', status: 403, code: 'AccessDenied', method: 'GET', url: /[?&]policy/ });
    const bucket = wish(
      { versioning: true, policy: { denyPlainHttp: true, statements: [] } },
      proxy.endpoint,
    );
    const { faults } = await compare(bucket);
    expect(faults).toMatchObject([
      {
        setting: 'policy',
        failure: { code: 'repository-denied', hint: expect.stringContaining('s3:GetBucketPolicy') as string },
      },
    ]);
    await expect(apply(bucket)).rejects.toMatchObject({ code: 'repository-denied' });
    expect((await client.send(new GetBucketVersioningCommand({ Bucket: name }))).Status).toBeUndefined();
  } finally {
    await proxy.stop();
  }
});

test('what cannot be read back is undone', async () => {
  const proxy = await startFaultProxy(services.s3.endpoint);
  try {
    const bucket = wish({ lifecycle: [rule('short', { expireAfterMs: dayMs })] }, proxy.endpoint);
    const confirmed = await compare(bucket);
    let reads = 0;
    await withStore(bucket, async (store) => {
      store[wire].client.middlewareStack.add(
        (next, { commandName }) =>
          (args) => {
            // The read of the comparison, that of the rehearsal, and then the one after the write.
            if (commandName === 'GetBucketLifecycleConfigurationCommand' && ++reads === 3)
              proxy.inject({
                kind: 'answer',
                status: 403,
                code: 'AccessDenied',
                method: 'GET',
                url: /lifecycle/,
                times: 1,
              });
            return next(args);
          },
        { step: 'initialize' },
      );
      await expect(changeBucket(store, bucket, { confirmed, allowWeaker: false })).rejects.toMatchObject({
        message: expect.stringContaining('what was written was undone') as string,
      });
    });
    expect(reads).toBe(3);
    expect(await storedRules()).toEqual([]);
  } finally {
    await proxy.stop();
  }
});

test('somebody else’s change since the comparison stops the apply', async () => {
  const bucket = wish({ lifecycle: [rule('mine', { expireAfterMs: 30 * dayMs })] });
  const confirmed = await compare(bucket);
  await putRules([{ ID: 'mine', Status: 'Enabled', Filter: { Prefix: 'x/' }, Expiration: { Days: 5 } }]);
  await expect(
    withStore(bucket, (store) => changeBucket(store, bucket, { confirmed, allowWeaker: false })),
  ).rejects.toMatchObject({ code: 'bucket-changed' });
  expect((await storedRules())[0]?.Expiration?.Days).toBe(5);
});

test('more than a page of versions is counted', async () => {
  await apply(wish({ versioning: true }));
  await putObjects(
    services,
    name,
    Array.from({ length: 7 }, (_, index) => `uploads/${index}`),
  );
  for (const Body of ['two', 'three'])
    await client.send(new PutObjectCommand({ Bucket: name, Key: 'uploads/3', Body }));
  const bucket = wish({ lifecycle: [rule('move', { transitions: [{ afterMs: 0, to: 'STANDARD_IA' }] })] });
  let pages = 0;
  const { rows } = await withStore(bucket, (store) => {
    // The store's own pages are of a thousand.
    store[wire].client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName === 'ListObjectVersionsCommand') {
            pages += 1;
            Object.assign(args.input, { MaxKeys: 2 });
          }
          return next(args);
        },
      { step: 'initialize' },
    );
    return compareBucket(store, bucket);
  });
  expect(pages).toBeGreaterThanOrEqual(5);
  expect(rows[0]?.consequence).toBe(
    '7 objects older than 0 s would move to STANDARD_IA at the next pass, 29 B',
  );
});

test('wrong keys are told as such', async () => {
  const bucket = wish({ versioning: true });
  const wrong = {
    ...bucket,
    connection: {
      ...bucket.connection,
      accessKeyId: { kind: 'file' as const, path: 'x', position: 'test:1:1' },
    },
  };
  await expect(compare(wrong)).rejects.toMatchObject({ code: 'repository-denied' });
});
