import { expect, test } from 'vitest';
import { chooseFreeName } from '../../../src/artifact/prepare-dump.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { virtualClock } from '../../fixtures/virtual-clock.ts';

const start = new Date('2025-01-01T02:00:00.400Z');
const { signal } = new AbortController();

test('a name that nobody bears is taken at once', async () => {
  const clock = virtualClock(start);
  const { name, createdAt } = await clock.run(chooseFreeName(memoryRepository(), 'shop', clock, signal));
  expect(name).toBe('pg_shop_20250101T020000Z');
  expect(createdAt).toEqual(start);
});

test('the second run of one second waits for the next one', async () => {
  const clock = virtualClock(start);
  const repository = memoryRepository();
  await repository.put('pg_shop_20250101T020000Z.dump.zst', 'x');
  const { name, createdAt } = await clock.run(chooseFreeName(repository, 'shop', clock, signal));
  expect(name).toBe('pg_shop_20250101T020001Z');
  expect(createdAt.toISOString()).toBe('2025-01-01T02:00:01.000Z');
});

test('the artifact of another database with the same beginning does not count', async () => {
  const clock = virtualClock(start);
  const repository = memoryRepository();
  await repository.put('pg_shop_20250101T020000Z_20250101T020000Z.dump.zst', 'x');
  const { name } = await clock.run(chooseFreeName(repository, 'shop', clock, signal));
  expect(name).toBe('pg_shop_20250101T020000Z');
});
