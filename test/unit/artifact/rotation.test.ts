import { expect, test } from 'vitest';
import type { Artifact } from '../../../src/artifact/artifact.ts';
import { findArtifact, parseChoice } from '../../../src/artifact/choice.ts';
import { nextInRotation } from '../../../src/artifact/choice.ts';
import { listArtifacts } from '../../../src/artifact/store.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { storeArtifact } from '../../fixtures/stored-artifact.ts';

const dayMs = 86_400_000;
const newestMs = Date.parse('2025-06-01T02:00:00Z');

/** Artifacts so many days old, newest first. */
async function aged(days: readonly number[]): Promise<readonly Artifact[]> {
  const repository = memoryRepository();
  for (const age of days)
    await storeArtifact(repository, new Date(newestMs - age * dayMs).toISOString(), { database: 'shop' });
  const artifacts = await listArtifacts(repository);
  return [...artifacts].sort((left, right) => right.createdAt.getTime() - left.createdAt.getTime());
}

test('every age class gets its turn before one of them a second, the oldest first', async () => {
  let artifacts = await aged([0, 1, 2, 5, 20, 60, 200, 300]);
  const order: number[] = [];
  for (let turn = 1; turn <= 10; turn += 1) {
    const next = nextInRotation(artifacts);
    if (next === undefined) throw new Error('there is one');
    order.push(Math.round((newestMs - next.createdAt.getTime()) / dayMs));
    artifacts = artifacts.map((artifact) =>
      artifact === next ? { ...artifact, drilledAt: new Date(newestMs + turn * dayMs) } : artifact,
    );
  }
  expect(order).toEqual([200, 60, 20, 5, 0, 200, 60, 20, 5, 0]);
  expect(nextInRotation([])).toBeUndefined();
});

test('oldest is the oldest; random is the same for a run, any of them over runs, and never another', async () => {
  const artifacts = await aged([0, 1, 7, 40]);
  const chosen = (words: string, seed = ''): string =>
    findArtifact(artifacts, parseChoice(words), {}, { seed }).name;
  expect(chosen('oldest')).toBe(artifacts.at(-1)?.name);
  expect(chosen('latest')).toBe(artifacts[0]?.name);
  expect(chosen('rotate')).toBe(artifacts.at(-1)?.name);
  const seen = new Set(Array.from({ length: 200 }, (_, run) => chosen('random', `run-${run}`)));
  expect([...seen].sort()).toEqual(artifacts.map(({ name }) => name).sort());
  expect(chosen('random', 'run-7')).toBe(chosen('random', 'run-7'));
  expect(() => findArtifact([], parseChoice('random'), {})).toThrow('there is no artifact');
  expect(() => findArtifact([], parseChoice('rotate'), {})).toThrow('there is no artifact');
});
