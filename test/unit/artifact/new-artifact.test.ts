import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { renderChecksums } from '../../../src/artifact/checksums.ts';
import { beginArtifact } from '../../../src/artifact/new-artifact.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';

const name = 'pg_shop_20250101T020000Z';
const { signal } = new AbortController();

test('what was stored goes again when the manifest was never written', async () => {
  const repository = memoryRepository();
  const artifact = await beginArtifact(repository, name, signal);
  await artifact.put([{ key: `${name}.dump`, role: 'dump', text: 'PGDMP' }]);
  await artifact.put([
    { key: `${name}.dump.sha256`, role: 'checksums', text: renderChecksums(artifact.files) },
  ]);
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
  await artifact.put([{ key: `${name}.dump`, role: 'dump', text: 'PGDMP' }]);
  await artifact.put([{ key: `${name}.globals.sql`, role: 'globals', text: '--' }]);
  await artifact.put([
    { key: `${name}.dump.sha256`, role: 'checksums', text: renderChecksums(artifact.files) },
  ]);
  const text = repository.objects.get(`${name}.dump.sha256`)?.bytes.toString() ?? '';
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => line.slice(66)),
  ).toEqual([`${name}.dump`, `${name}.globals.sql`]);
});

test('of files stored at the same time those beside one that fails are known, and go again', async () => {
  const repository = memoryRepository();
  await repository.put(`${name}.dump`, 'another run’s');
  const unseen = { ...repository, list: () => Readable.from([]) };
  const artifact = await beginArtifact(unseen, name, signal);
  const storing = artifact.put([
    { key: `${name}.dump`, role: 'dump', text: 'PGDMP' },
    { key: `${name}.RESTORE.md`, role: 'guide', text: '#' },
  ]);
  await expect(storing).rejects.toMatchObject({ code: 'key-exists' });
  expect(await artifact.discard()).toEqual([`${name}.RESTORE.md`]);
  expect([...repository.objects.keys()]).toEqual([`${name}.dump`]);
});

test('a file whose request was broken off after the store had done it goes again as well', async () => {
  const store = memoryRepository();
  const lost = new Error('enough');
  const breaksOff: typeof store.put = async (...words) => {
    await store.put(...words);
    throw lost;
  };
  const artifact = await beginArtifact({ ...store, put: breaksOff }, name, signal);
  await expect(artifact.repository.put(`${name}.dump`, 'PGDMP')).rejects.toBe(lost);
  await expect(artifact.put([{ key: `${name}.RESTORE.md`, role: 'guide', text: '#' }])).rejects.toBe(lost);
  expect(await artifact.discard()).toEqual([]);
  expect([...store.objects.keys()]).toEqual([]);
});
