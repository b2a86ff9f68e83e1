import { expect, test } from 'vitest';
import { beginArtifact } from '../../../src/artifact/new-artifact.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';

const name = 'pg_shop_20250101T020000Z';
const { signal } = new AbortController();

test('what was stored goes again when the manifest was never written', async () => {
  const repository = memoryRepository();
  const artifact = await beginArtifact(repository, name, signal);
  await artifact.put(`${name}.dump`, 'dump', 'PGDMP');
  await artifact.putChecksums(`${name}.dump.sha256`);
  expect(await artifact.discard()).toEqual([`${name}.dump`, `${name}.dump.sha256`]);
  expect([...repository.objects.keys()]).toEqual([]);
});

test('nothing of another run’s artifact of the same name is touched', async () => {
  const repository = memoryRepository();
  await repository.put(`${name}.manifest.json`, '{}');
  await expect(beginArtifact(repository, name, signal)).rejects.toMatchObject({ code: 'key-exists' });
  expect([...repository.objects.keys()]).toEqual([`${name}.manifest.json`]);
});

test('an artifact whose name is the beginning of another one’s is not that one', async () => {
  const repository = memoryRepository();
  await repository.put(`${name}9.manifest.json`, '{}');
  await expect(beginArtifact(repository, name, signal)).resolves.toBeDefined();
});

test('the checksums name every file so far', async () => {
  const repository = memoryRepository();
  const artifact = await beginArtifact(repository, name, signal);
  await artifact.put(`${name}.dump`, 'dump', 'PGDMP');
  await artifact.put(`${name}.globals.sql`, 'globals', '--');
  await artifact.putChecksums(`${name}.dump.sha256`);
  const text = repository.objects.get(`${name}.dump.sha256`)?.bytes.toString() ?? '';
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => line.slice(66)),
  ).toEqual([`${name}.dump`, `${name}.globals.sql`]);
});
