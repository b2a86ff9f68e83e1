import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ownFailure, verifiedSource } from '../../../src/restore/verified-source.ts';
import { flip } from '../../fixtures/flip.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';

const bytes = Buffer.alloc(200_000, 'photo');

async function readFrom(stored: Buffer | undefined) {
  const repository = memoryRepository();
  if (stored !== undefined) await repository.put('dump', stored);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const told: number[] = [];
  const source = verifiedSource(
    repository,
    { key: 'dump', role: 'dump', bytes: bytes.length, sha256 },
    { signal: new AbortController().signal, onBytes: (count) => told.push(count) },
  );
  const got: Buffer[] = [];
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) got.push(chunk);
    return { got: Buffer.concat(got), told, source };
  } catch (error) {
    return { got: Buffer.concat(got), told, source, error };
  }
}

test('whole bytes flow by, and are counted', async () => {
  const { got, told, error } = await readFrom(bytes);
  expect(error).toBeUndefined();
  expect(got.equals(bytes)).toBe(true);
  expect(told.reduce((sum, count) => sum + count, 0)).toBe(bytes.length);
});

test.for([
  { what: 'a first byte that is another', stored: flip(bytes, 0) },
  { what: 'a last byte that is another', stored: flip(bytes, bytes.length - 1) },
  { what: 'a missing byte', stored: bytes.subarray(1) },
  { what: 'a byte too many', stored: Buffer.concat([bytes, Buffer.from('x')]) },
  { what: 'nothing', stored: Buffer.alloc(0) },
  { what: 'no file', stored: undefined },
])('$what breaks it off before its end, as damage', async ({ stored }) => {
  const { got, source, error } = await readFrom(stored);
  expect(error).toMatchObject({ code: 'artifact-damaged', where: 'dump' });
  expect(ownFailure(source)).toBe(error);
  if (stored !== undefined && stored.length > 0) expect(got.length).toBeLessThan(stored.length);
});

test('nothing is asked of the repository before the first read, and a reader that leaves is no failure of the source', () => {
  const repository = memoryRepository();
  const file = { key: 'dump', role: 'dump', bytes: 1, sha256: '' } as const;
  const source = verifiedSource(repository, file, { signal: new AbortController().signal });
  source.on('error', () => undefined);
  expect(repository.requests.get).toBe(0);
  source.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  expect(ownFailure(source)).toBeUndefined();
});
