import {
  PutBucketPolicyCommand,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { markDrilled } from '../../../src/artifact/drill-mark.ts';
import { listArtifacts, readManifest } from '../../../src/artifact/store.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { Environment } from '../../../src/language/environment/environment.ts';
import type { RetentionPolicy } from '../../../src/language/plan/plan.ts';
import type { Repository } from '../../../src/store/repository.ts';
import type { TaskResult } from '../../../src/task/contract.ts';
import prune from '../../../tasks/artifact-prune.ts';
import { storeArtifact } from '../../fixtures/stored-artifact.ts';
import { s3Client } from '../../services/bucket.ts';
import {
  createFolderRepository,
  createS3Repository,
  type TestRepository,
} from '../../services/repository.ts';
import { attempt, type AttemptOptions, type Said } from '../task/attempt.ts';

const services = inject('services');
const day = 86_400_000;
const { signal } = new AbortController();
const keepTwo: RetentionPolicy = { keepLast: 2, keepAtLeast: 1 };

/** 02:00 UTC so many days ago. */
function nightAgo(days: number): string {
  return `${new Date(Date.now() - days * day).toISOString().slice(0, 10)}T02:00:00.000Z`;
}

async function storeNights(
  repository: Repository,
  days: readonly number[],
  database = 'cleaning',
): Promise<string[]> {
  const names: string[] = [];
  for (const ago of days) names.push((await storeArtifact(repository, nightAgo(ago), { database })).name);
  return names;
}

async function pruned(
  store: TestRepository,
  retention: RetentionPolicy | undefined,
  changes: Partial<AttemptOptions> = {},
): Promise<TaskResult & Pick<Said, 'warnings'>> {
  const environment: Environment = { name: 'prod', protected: true, repository: store.settings };
  const { result, said } = await attempt(
    prune,
    {},
    {
      environment,
      repository: store.repository,
      password: 'unused',
      ...(retention !== undefined && { retention }),
      ...changes,
    },
  );
  return { ...result, warnings: said.warnings };
}

async function keysOf({ repository }: TestRepository): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of repository.list('')) keys.push(key);
  return keys.sort();
}

async function namesIn({ repository }: TestRepository): Promise<string[]> {
  return (await listArtifacts(repository)).map(({ name }) => name);
}

function bucketOf({ settings }: TestRepository): string {
  return settings.store.kind === 's3' ? settings.store.s3.bucket : '';
}

const stores: readonly [string, () => Promise<TestRepository>][] = [
  ['a folder', createFolderRepository],
  ['S3', () => createS3Repository(services)],
];

describe.each(stores)('in %s', (_, create) => {
  let store: TestRepository;

  beforeAll(async () => {
    store = await create();
  });

  afterAll(async () => {
    await store.remove();
  });

  test('what retention does not keep goes with all its files; other databases and foreign files stay', async () => {
    const names = await storeNights(store.repository, [5, 4, 3, 2, 1]);
    const others = await storeNights(store.repository, [4, 3], 'cleaning-old');
    await store.repository.put('runs/nightly-prod/x.json', '{}');
    await store.repository.put('notes.txt', 'mine');
    const { outputs, facts, warnings } = await pruned(store, keepTwo);
    expect(outputs).toEqual({ removed: '3', kept: '4' });
    expect(facts).toMatchObject({ removed: names.slice(0, 3), refused: [] });
    expect(warnings).toEqual([]);
    expect((await namesIn(store)).sort()).toEqual([...others, ...names.slice(3)].sort());
    expect((await keysOf(store)).filter((key) => !key.startsWith('pg_'))).toEqual([
      'notes.txt',
      'runs/nightly-prod/x.json',
    ]);
    expect(await keysOf(store)).toHaveLength(2 + 4 * 3);
    expect((await pruned(store, keepTwo)).outputs).toEqual({ removed: '0', kept: '4' });
  });

  test('nothing goes while the newest artifact is not verified, and the run says so', async () => {
    const before = await keysOf(store);
    const { name } = await storeArtifact(store.repository, nightAgo(0).replace('T02', 'T00'), {
      verified: false,
    });
    const { outputs, warnings } = await pruned(store, { keepLast: 1, keepAtLeast: 1 });
    expect(outputs).toMatchObject({ removed: '1' });
    expect(warnings).toEqual([`nothing is removed while the newest artifact, ${name}, is not verified`]);
    expect((await keysOf(store)).filter((key) => key.startsWith('pg_cleaning_'))).toEqual(
      expect.arrayContaining(before.filter((key) => key.startsWith('pg_cleaning_'))),
    );
  });

  test('the newest drilled artifact stays, and another goes with its mark', async () => {
    const names = await storeNights(store.repository, [9, 8, 7, 6], 'drilled');
    for (const name of names.slice(0, 2)) {
      const { sha256: manifestSha256 } = await readManifest(store.repository, name);
      const drill = { name, runId: 'drill-1', plan: 'drill', manifestSha256, recoveryMs: 1000 };
      await markDrilled(store.repository, { ...drill, drilledAt: new Date(Date.now() - day) }, signal);
      await markDrilled(store.repository, { ...drill, drilledAt: new Date() }, signal);
    }
    await pruned(store, { keepLast: 1, keepAtLeast: 1 });
    const kept = (await listArtifacts(store.repository)).filter(({ database }) => database === 'drilled');
    expect(kept.map(({ name }) => name)).toEqual([names[3], names[1]]);
    expect(Date.now() - (kept[1]?.drilledAt?.getTime() ?? 0)).toBeLessThan(day / 2);
    expect((await keysOf(store)).filter((key) => key.startsWith(names[0] ?? '-'))).toEqual([]);
  });

  test('a plan without retention is refused', async () => {
    await expect(pruned(store, undefined)).rejects.toMatchObject({ code: 'plan-invalid' });
  });

  test('a cancelled prune stops between artifacts', async () => {
    const names = await storeNights(store.repository, [9, 8, 7], 'shop');
    const abort = new AbortController();
    const onNote = (): void => {
      abort.abort(new Error('stop'));
    };
    const stopped = pruned(store, { keepLast: 1, keepAtLeast: 1 }, { signal: abort.signal, onNote });
    await expect(stopped).rejects.toThrow('stop');
    expect(await namesIn(store)).toEqual(expect.arrayContaining(names.slice(1)));
  });
});

describe('debris in a folder', () => {
  test('of runs that broke off goes when it is a day old, partial files as well', async () => {
    const store = await createFolderRepository();
    try {
      await storeNights(store.repository, [5, 1]);
      const old = `pg_cleaning_${nightAgo(3).slice(0, 10).replaceAll('-', '')}T020000Z`;
      await store.repository.put(`${old}.dump.zst`, 'half');
      await store.repository.put(`${old}.dump.d/rest.tar.zst`, 'half');
      const inTwoDays = { ...systemClock, now: () => new Date(Date.now() + 2 * day) };
      expect((await pruned(store, keepTwo)).facts).toMatchObject({ debris: [] });
      const aged: Repository = { ...store.repository, clock: () => Promise.resolve(inTwoDays.now()) };
      const { facts } = await pruned(store, keepTwo, { repository: aged, clock: inTwoDays });
      expect(facts).toMatchObject({ debris: [old], removed: [] });
      expect(await keysOf(store)).toHaveLength(6);
    } finally {
      await store.remove();
    }
  });
});

describe('in a bucket', () => {
  test('with versions the removed artifacts live on as old versions', async () => {
    const store = await createS3Repository(services, { versioning: true });
    const client = s3Client(services);
    try {
      const [first] = await storeNights(store.repository, [3, 2, 1]);
      await pruned(store, keepTwo);
      expect(await namesIn(store)).toHaveLength(2);
      const { Versions = [], DeleteMarkers = [] } = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucketOf(store) }),
      );
      expect(Versions.filter(({ Key }) => Key?.includes(first ?? '-'))).toHaveLength(3);
      expect(DeleteMarkers).toHaveLength(3);
    } finally {
      client.destroy();
      await store.remove();
    }
  });

  test('under an object lock pruning hides the artifacts and the locked versions stay', async () => {
    const store = await createS3Repository(services, { objectLock: true });
    const client = s3Client(services);
    try {
      await client.send(
        new PutObjectLockConfigurationCommand({
          Bucket: bucketOf(store),
          ObjectLockConfiguration: {
            ObjectLockEnabled: 'Enabled',
            Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
          },
        }),
      );
      await storeNights(store.repository, [3, 2, 1]);
      const { outputs, warnings } = await pruned(store, keepTwo);
      expect([outputs, warnings]).toEqual([{ removed: '1', kept: '2' }, []]);
      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucketOf(store) }));
      expect(Versions).toHaveLength(9);
    } finally {
      client.destroy();
      await store.remove();
    }
  });

  test('that refuses removals the run warns once, changes no artifact and succeeds', async () => {
    const store = await createS3Repository(services);
    const client = s3Client(services);
    const policy = (statements: readonly object[]): PutBucketPolicyCommand =>
      new PutBucketPolicyCommand({
        Bucket: bucketOf(store),
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
      });
    const bucket = `arn:aws:s3:::${bucketOf(store)}`;
    try {
      await storeNights(store.repository, [4, 3, 2, 1]);
      await client.send(
        policy([{ Effect: 'Deny', Principal: '*', Action: ['s3:DeleteObject'], Resource: [`${bucket}/*`] }]),
      );
      const { outputs, warnings } = await pruned(store, keepTwo);
      expect(outputs).toEqual({ removed: '0', kept: '4' });
      expect(warnings).toEqual([
        expect.stringMatching(/^the store refused a removal \(and 1 more\): .*manifest\.json/),
      ]);
      const states = (await listArtifacts(store.repository)).map(({ state }) => state);
      expect(states).toEqual(Array(4).fill('verified'));
    } finally {
      await client.send(
        policy([{ Effect: 'Allow', Principal: '*', Action: ['s3:DeleteObject'], Resource: [`${bucket}/*`] }]),
      );
      client.destroy();
      await store.remove();
    }
  });
});
