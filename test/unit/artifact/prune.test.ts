import { describe, expect, test } from 'vitest';
import { markDrilled } from '../../../src/artifact/drill-mark.ts';
import { prune, type PruneResult } from '../../../src/artifact/prune.ts';
import { planPrune, type PrunePlan } from '../../../src/artifact/prune-plan.ts';
import { listArtifacts, readManifest } from '../../../src/artifact/store.ts';
import { Failure } from '../../../src/base/failure.ts';
import type { RetentionPolicy } from '../../../src/language/plan/plan.ts';
import { memoryRepository, type MemoryRepository } from '../../fixtures/memory-repository.ts';
import { storeArtifact } from '../../fixtures/stored-artifact.ts';

const day = 86_400_000;
const start = Date.parse('2025-01-01T02:00:00Z');
const { signal } = new AbortController();

function night(index: number): string {
  return new Date(start + index * day).toISOString();
}

function nameOf(index: number, database = 'cleaning'): string {
  return `pg_${database}_${night(index).slice(0, 10).replaceAll('-', '')}T020000Z`;
}

/** A repository after `count` nights; the store's clock stands an hour after the last. */
async function afterNights(
  count: number,
  database = 'cleaning',
  repository = memoryRepository(),
): Promise<MemoryRepository> {
  for (let index = 0; index < count; index += 1) {
    repository.now = new Date(start + index * day + 1000);
    const { name } = await storeArtifact(repository, night(index), { database });
    await repository.put(`${name}.RESTORE.md`, 'how to');
  }
  repository.now = new Date(start + (count - 1) * day + 3_600_000);
  return repository;
}

function look(
  repository: MemoryRepository,
  policy: RetentionPolicy,
  now = repository.now,
): Promise<PrunePlan> {
  return planPrune(repository, {
    environment: 'prod',
    policy,
    timeZone: 'UTC',
    now,
    debrisAgeMs: 86_400_000,
  });
}

async function pruned(repository: MemoryRepository, policy: RetentionPolicy): Promise<PruneResult> {
  return prune(repository, await look(repository, policy), { signal });
}

/** Marks what the nights stored as drilled, a day after each. */
async function drillNights(repository: MemoryRepository, nights: readonly number[]): Promise<void> {
  for (const index of nights) {
    const { manifest, sha256 } = await readManifest(repository, nameOf(index));
    const drilledAt = new Date(start + (index + 1) * day);
    const drill = { name: manifest.name, drilledAt, runId: 'drill-1', plan: 'drill', recoveryMs: 1 };
    await markDrilled(repository, { ...drill, manifestSha256: sha256 }, signal);
  }
}

async function left(repository: MemoryRepository): Promise<string[]> {
  return (await listArtifacts(repository)).map(({ name }) => name);
}

describe('prune', () => {
  test('removes every file of what retention does not keep, and nothing else', async () => {
    const repository = await afterNights(5);
    await repository.put('runs/nightly-prod/x.json', 'record');
    await repository.put('notes.txt', 'mine');
    const result = await pruned(repository, { keepLast: 2, keepAtLeast: 1 });
    expect(result).toMatchObject({ artifacts: [nameOf(0), nameOf(1), nameOf(2)], debris: [], refused: [] });
    expect(await left(repository)).toEqual([nameOf(4), nameOf(3)]);
    const others = [...repository.objects.keys()].filter((key) => !key.startsWith('pg_'));
    expect(others).toEqual(['runs/nightly-prod/x.json', 'notes.txt']);
    expect(repository.objects.size).toBe(2 * 4 + 2);
  });

  test('of shop never touches shop-archive, another environment, or a neighbour that starts alike', async () => {
    const repository = await afterNights(4, 'shop');
    await afterNights(4, 'shop-archive', repository);
    await storeArtifact(repository, '2024-06-01T02:00:00Z', { database: 'shop', environment: 'staging' });
    const { artifacts } = await look(repository, { keepLast: 1, keepAtLeast: 1 });
    const removed = artifacts.filter(({ keep }) => !keep).map(({ artifact }) => artifact.name);
    expect(removed.sort()).toEqual(
      [0, 1, 2].flatMap((index) => [nameOf(index, 'shop'), nameOf(index, 'shop-archive')]).sort(),
    );
    expect(artifacts.map(({ artifact }) => artifact.environment)).not.toContain('staging');
  });

  test('removes the manifest first: what is half removed is no artifact, and the next prune finishes it', async () => {
    for (const point of ['.dump.zst', '.RESTORE.md', '.verified.json']) {
      const repository = await afterNights(3);
      repository.onRequest = (request, key) => {
        if (request === 'remove' && key.endsWith(point))
          throw new Failure('repository-unreachable', 'cut off');
      };
      await expect(pruned(repository, { keepLast: 1, keepAtLeast: 1 })).rejects.toThrow('cut off');
      repository.onRequest = () => undefined;
      expect(await left(repository)).toEqual([nameOf(2), nameOf(1)]);
      expect(await pruned(repository, { keepLast: 1, keepAtLeast: 1 })).toMatchObject({
        artifacts: [nameOf(1)],
        debris: [nameOf(0)],
      });
      expect([...repository.objects.keys()].every((key) => key.startsWith(nameOf(2)))).toBe(true);
    }
  });

  test('of an artifact under a lock changes nothing of it, goes on with the others and says so', async () => {
    const repository = await afterNights(4);
    for (const key of repository.objects.keys()) if (key.startsWith(nameOf(1))) repository.locked.add(key);
    const result = await pruned(repository, { keepLast: 1, keepAtLeast: 1 });
    expect(result.artifacts).toEqual([nameOf(0), nameOf(2)]);
    expect(result.refused.map(({ message }) => message)).toEqual([
      `${nameOf(1)}.manifest.json is locked until 2025-03-01`,
    ]);
    const artifacts = await listArtifacts(repository);
    expect(artifacts.map(({ name, state }) => `${name} ${state}`)).toEqual([
      `${nameOf(3)} verified`,
      `${nameOf(1)} verified`,
    ]);
  });

  test('stops when it is cancelled', async () => {
    const repository = await afterNights(4);
    const controller = new AbortController();
    const plan = await look(repository, { keepLast: 1, keepAtLeast: 1 });
    const pruning = prune(repository, plan, { signal: controller.signal, onRemove: () => { controller.abort(new Error('enough')); } }); // prettier-ignore
    await expect(pruning).rejects.toThrow('enough');
    expect(await left(repository)).toHaveLength(3);
  });

  test('debris of a run that breaks off every night does not fill the store', async () => {
    const repository = memoryRepository();
    for (let index = 0; index < 30; index += 1) {
      repository.now = new Date(start + index * day);
      await repository.put(
        `pg_cleaning_${night(index).slice(0, 10).replaceAll('-', '')}T010000Z.dump.zst`,
        Buffer.alloc(1000),
      );
      repository.unfinishedUploads.push({ key: `${nameOf(index)}.dump.zst`, startedAt: repository.now });
      await storeArtifact(repository, night(index));
      repository.now = new Date(start + index * day + 3_600_000);
      await pruned(repository, { keepLast: 2, keepAtLeast: 1 });
    }
    const { debris } = await look(repository, { keepLast: 2, keepAtLeast: 1 });
    expect(debris.length).toBeLessThanOrEqual(3);
    expect(repository.unfinishedUploads.length).toBeLessThanOrEqual(2);
  });

  test('uploads of other people in the same bucket are not aborted', async () => {
    const repository = await afterNights(2);
    repository.unfinishedUploads.push({ key: 'films/x.mp4', startedAt: new Date(start - 90 * day) });
    await pruned(repository, { keepLast: 1, keepAtLeast: 1 });
    expect(repository.unfinishedUploads).toHaveLength(1);
  });
});

describe('a drilled artifact', () => {
  test('survives a prune that would remove it, and takes its mark along when a newer one is drilled', async () => {
    const repository = await afterNights(5);
    await drillNights(repository, [0]);
    expect(await pruned(repository, { keepLast: 1, keepAtLeast: 1 })).toMatchObject({
      artifacts: [1, 2, 3].map((index) => nameOf(index)),
    });
    await drillNights(repository, [4]);
    await pruned(repository, { keepLast: 1, keepAtLeast: 1 });
    expect([...repository.objects.keys()].filter((key) => key.startsWith(nameOf(0)))).toEqual([]);
    expect([...repository.objects.keys()]).toContain(`${nameOf(4)}.drilled.json`);
  });
});

describe('planPrune', () => {
  test('changes nothing', async () => {
    const repository = await afterNights(5);
    const before = [...repository.objects.keys()];
    const { artifacts } = await look(repository, { keepLast: 1, keepAtLeast: 1 });
    expect(artifacts.filter(({ keep }) => !keep)).toHaveLength(4);
    expect([...repository.objects.keys()]).toEqual(before);
    expect(repository.requests.remove).toBe(0);
  });

  test('with a host clock that runs years ahead removes no more than with the right one', async () => {
    const repository = await afterNights(10);
    const policy = { keepWithinMs: 5 * day, keepAtLeast: 1 };
    const rightly = await look(repository, policy);
    const wrongly = await look(repository, policy, new Date('2031-01-01T00:00:00Z'));
    expect(wrongly.artifacts).toEqual(rightly.artifacts);
    expect(wrongly.clockDifferenceMs).toBeGreaterThan(365 * day);
  });

  test("counts a dump of the store's very second, whose Date has whole seconds", async () => {
    const repository = await afterNights(2);
    const { name } = await storeArtifact(repository, new Date(start + 2 * day + 900).toISOString(), {
      database: 'cleaning',
    });
    repository.now = new Date(start + 2 * day);
    const plan = await look(repository, { keepLast: 1, keepAtLeast: 1 }, new Date(start + 2 * day + 950));
    expect(plan.artifacts.filter(({ keep }) => keep).map(({ artifact }) => artifact.name)).toEqual([name]);
  });

  test('keeps the newest drilled one', async () => {
    const repository = await afterNights(5);
    await drillNights(repository, [0, 1]);
    const { artifacts } = await look(repository, { keepLast: 1, keepAtLeast: 1 });
    expect(artifacts.filter(({ keep }) => keep).map(({ artifact }) => artifact.name)).toEqual([
      nameOf(4),
      nameOf(1),
    ]);
  });

  test('a store that loses a manifest for a moment loses no files to it', async () => {
    const repository = await afterNights(5);
    repository.onRequest = (request, key) => {
      if (request === 'get' && key.startsWith(nameOf(0)))
        throw new Failure('repository-missing', 'not found');
    };
    const plan = await look(repository, { keepLast: 5, keepAtLeast: 1 });
    expect(plan.debris).toEqual([]);
    expect(plan.artifacts.every(({ keep }) => keep)).toBe(true);
  });
});
