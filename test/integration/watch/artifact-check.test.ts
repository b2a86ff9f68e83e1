import { afterEach, expect, inject, test } from 'vitest';
import type { Environment, PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import type { Repository } from '../../../src/store/repository.ts';
import check from '../../../tasks/artifact-check.ts';
import { declared } from '../../fixtures/declared.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { storeArtifact, type StoredArtifactOptions } from '../../fixtures/stored-artifact.ts';
import { createS3Repository } from '../../services/repository.ts';
import { attempt, type AttemptOptions } from '../task/attempt.ts';
import { declaredPlan } from './declared-plan.ts';

const services = inject('services');
const hourMs = 3_600_000;
const postgres: PostgresEndpoint = {
  host: '127.0.0.1',
  port: 1,
  user: 'nobody',
  database: 'cleaning',
  sslmode: 'disable',
};
const prod: Environment = { name: 'prod', protected: true, postgres };
const nightly = declaredPlan('nightly-prod', { dumps: ['prod'], objectives: { rpoMs: 24 * hourMs } });
const plans = declared({ plans: [declaredPlan('weekly', { dumps: ['prod'] }), nightly] });

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** An artifact of so many hours ago whose dump has so many bytes. */
async function store(
  repository: Repository,
  hoursAgo: number,
  kilobytes = 100,
  options: StoredArtifactOptions = {},
): Promise<string> {
  const now = await repository.clock();
  const createdAt = new Date(now.getTime() - hoursAgo * hourMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const dump = Buffer.alloc(kilobytes * 1000, 'x');
  return (await storeArtifact(repository, createdAt, { dump, ...options })).name;
}

function checked(
  repository: Repository,
  parameters: Parameters<typeof check.run>[1] = {},
  options: Partial<AttemptOptions> = {},
): ReturnType<typeof attempt> {
  return attempt(check, parameters, {
    environment: prod,
    repository,
    password: 'unused',
    declared: plans,
    ...options,
  });
}

test('no backup for 25 hours is noticed in a real bucket, by its own clock and the RPO of the plan that dumps', async () => {
  const bucket = await createS3Repository(services);
  ends.push(() => bucket.remove());
  const { repository } = bucket;
  const name = await store(repository, 25);
  await expect(checked(repository)).rejects.toMatchObject({
    code: 'check-failed',
    exitCode: 21,
    message: `the check of the artifacts of prod failed: age of cleaning: expected a verified artifact not older than 1d, found ${name}, 1d 1h old`,
    facts: {
      checks: [{ name: 'age of cleaning', state: 'failed' }],
      databases: [{ database: 'cleaning', state: 'late', newest: name, rpoMs: 24 * hourMs }],
    },
  });
  await store(repository, 1);
  const { result, said } = await checked(repository);
  expect(result.facts).toMatchObject({
    checks: [
      { name: 'age of cleaning', state: 'passed' },
      { name: 'size of cleaning', state: 'passed' },
    ],
    databases: [{ state: 'fresh', verified: 2 }],
  });
  expect(said.warnings).toEqual([]);
});

test('an artifact that was never read back does not count, and is named', async () => {
  const repository = memoryRepository();
  await store(repository, 30);
  const name = await store(repository, 1, 100, { verified: false });
  await expect(checked(repository)).rejects.toMatchObject({
    code: 'check-failed',
    said: { warnings: [`${name} does not count: it was never read back`] },
  });
});

test('a backup at half the usual size is warned of, or fails where that is asked for', async () => {
  const repository = memoryRepository();
  for (const hours of [96, 72, 48]) await store(repository, hours);
  await store(repository, 24, 30);
  await store(repository, 1, 49);
  const { result, said } = await checked(repository);
  const found = expect.stringContaining('50 % of the median of the 4 before (101 kB)') as string;
  expect(said.warnings).toEqual([
    expect.stringMatching(/^the newest artifact of cleaning has another size than usual: 50\.\d kB, 50 %/),
  ]);
  expect(result.facts?.['checks']).toContainEqual({
    name: 'size of cleaning',
    state: 'passed',
    expected: 'a size like those before',
    found,
    message: 'unusual: warned of',
  });
  await expect(checked(repository, { 'size-change': 'fail' })).rejects.toMatchObject({
    facts: { checks: [{ state: 'passed' }, { name: 'size of cleaning', state: 'failed', found }] },
  });
  await expect(checked(repository, { 'size-change': 'ignore' })).resolves.toMatchObject({
    said: { warnings: [] },
  });
  await expect(checked(repository, { 'smallest-share': 0.4 })).resolves.toMatchObject({
    said: { warnings: [] },
  });
  // Of the last one alone it is more than half.
  await expect(checked(repository, { history: 1 })).resolves.toMatchObject({ said: { warnings: [] } });
});

test('double the usual size is noticed as well', async () => {
  const repository = memoryRepository();
  await store(repository, 24);
  await store(repository, 1, 210);
  await expect(checked(repository, { 'size-change': 'fail' })).rejects.toMatchObject({
    code: 'check-failed',
  });
  await expect(checked(repository, { 'size-change': 'fail', 'largest-share': 3 })).resolves.toBeDefined();
});

test('every database of the environment is judged, the expected one also when it has no artifact', async () => {
  const repository = memoryRepository();
  await store(repository, 1, 100, { database: 'shop' });
  await store(repository, 90, 100, { environment: 'staging' });
  await expect(checked(repository)).rejects.toMatchObject({
    facts: {
      checks: [
        { name: 'age of cleaning', state: 'failed', found: 'none' },
        { name: 'age of shop', state: 'passed' },
      ],
    },
  });
  await expect(checked(repository, { databases: ['shop'] })).resolves.toBeDefined();
  await expect(checked(repository, { databases: ['shop', 'blog'] })).rejects.toMatchObject({
    message: expect.stringContaining('1 of 2 checks') as string,
  });
});

test('max-age replaces the RPO; without either the missing age is warned of', async () => {
  const repository = memoryRepository();
  await store(repository, 30);
  await expect(checked(repository, { 'max-age': '31h' })).resolves.toMatchObject({ said: { warnings: [] } });
  await expect(checked(repository, { 'max-age': '29h' })).rejects.toMatchObject({ code: 'check-failed' });
  const { said } = await checked(repository, {}, { declared: declared() });
  expect(said.warnings).toEqual([
    'no plan that dumps prod has an RPO, so no age is held against it; say max-age',
  ]);
});

test('a check that has nothing to look for is red, and so is a repository that does not answer', async () => {
  const environment = { name: 'prod', protected: true };
  await expect(checked(memoryRepository(), {}, { environment })).rejects.toMatchObject({
    code: 'check-failed',
    message: 'there is no database of prod to look for',
  });
  const repository = memoryRepository();
  repository.onRequest = (request) => {
    if (request === 'list') throw new Error('gone');
  };
  await expect(checked(repository)).rejects.toThrow('gone');
});

test('a partial artifact is never the fresh one, and is named', async () => {
  const repository = memoryRepository();
  await store(repository, 30);
  const change: StoredArtifactOptions['change'] = (manifest) => ({
    ...manifest,
    partial: { excludedData: ['audit.*'], relations: 0, withoutRows: 2 },
  });
  const name = await store(repository, 1, 20, { change });
  const error: unknown = await checked(repository).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'check-failed',
    said: {
      warnings: [`${name} does not count: partial: without the rows of audit.* (2 tables)`],
    },
  });
});
