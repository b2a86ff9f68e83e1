import { expect, test } from 'vitest';
import { judgeFreshness, type Freshness } from '../../../src/artifact/freshness.ts';
import { listArtifacts } from '../../../src/artifact/store.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { storeArtifact, type StoredArtifactOptions } from '../../fixtures/stored-artifact.ts';

const hour = 3_600_000;
const now = new Date('2025-01-03T04:00:00Z');

async function judge(
  stored: readonly [string, StoredArtifactOptions?][],
  options: Partial<Parameters<typeof judgeFreshness>[1]> = {},
): Promise<Freshness[]> {
  const repository = memoryRepository();
  for (const [createdAt, change] of stored) await storeArtifact(repository, createdAt, change);
  return judgeFreshness(await listArtifacts(repository), { now, rpoMs: 24 * hour, ...options });
}

test('the newest verified artifact within the RPO is fresh, its age that of its data', async () => {
  const [freshness] = await judge([
    ['2025-01-02T02:00:00Z', { dump: Buffer.alloc(9, 1) }],
    ['2025-01-03T02:00:00Z'],
  ]);
  expect(freshness).toMatchObject({
    environment: 'prod',
    database: 'cleaning',
    state: 'fresh',
    verified: 2,
    newest: { name: 'pg_cleaning_20250103T020000Z', ageMs: 2 * hour },
    message: 'pg_cleaning_20250103T020000Z is 2h old, within the RPO of 1d',
  });
  expect(freshness?.previousBytes).toBeLessThan(freshness?.newest?.bytes ?? 0);
});

test('age is counted from the store’s time of the snapshot', async () => {
  const [freshness] = await judge([
    ['2025-01-03T02:00:00Z', { change: (manifest) => ({ ...manifest, recoveryPoint: { ...manifest.recoveryPoint, storeTime: '2025-01-03T01:30:00Z' } }) }],
  ]); // prettier-ignore
  expect(freshness?.newest?.ageMs).toBe(2.5 * hour);
});

test('an unverified or damaged artifact does not count, and is named', async () => {
  const [freshness] = await judge([
    ['2025-01-01T02:00:00Z'],
    ['2025-01-02T02:00:00Z', { verified: false }],
    ['2025-01-03T02:00:00Z', { dump: Buffer.alloc(0) }],
  ]);
  expect(freshness).toMatchObject({
    state: 'late',
    message: 'pg_cleaning_20250101T020000Z is 2d 2h old, beyond the RPO of 1d',
  });
  expect(freshness?.newer).toEqual([
    { name: 'pg_cleaning_20250103T020000Z', reason: 'pg_cleaning_20250103T020000Z.dump.zst is empty' },
    { name: 'pg_cleaning_20250102T020000Z', reason: 'it was never read back' },
  ]);
});

test('an artifact dated in the future is not fresh', async () => {
  const [freshness] = await judge([['2026-01-01T02:00:00Z']]);
  expect(freshness).toMatchObject({ state: 'missing', newer: [{ reason: 'dated in the future' }] });
});

test('a database that has no artifact at all is missing when it is expected', async () => {
  const expected = [{ environment: 'prod', database: 'cleaning' }];
  expect(await judge([], { expected })).toMatchObject([
    { state: 'missing', verified: 0, message: 'no verified artifact of cleaning' },
  ]);
  expect(await judge([], {})).toEqual([]);
});

test('a fresh shop-archive does not make shop fresh', async () => {
  const judged = await judge([
    ['2025-01-03T02:00:00Z', { database: 'shop-archive' }],
    ['2025-01-01T02:00:00Z', { database: 'shop' }],
  ]);
  expect(judged.map(({ database, state }) => `${database} ${state}`).sort()).toEqual([
    'shop late',
    'shop-archive fresh',
  ]);
});

test('without an RPO nothing is late', async () => {
  const repository = memoryRepository();
  await storeArtifact(repository, '2020-01-01T02:00:00Z');
  const [freshness] = judgeFreshness(await listArtifacts(repository), { now });
  expect(freshness).toMatchObject({
    state: 'fresh',
    message: 'pg_cleaning_20200101T020000Z is 1829d 2h old',
  });
});
