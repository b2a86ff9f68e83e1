import { describe, expect, test } from 'vitest';
import { findArtifact, parseChoice } from '../../../src/artifact/choice.ts';
import { listArtifacts } from '../../../src/artifact/store.ts';
import type { Artifact } from '../../../src/artifact/artifact.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { storeArtifact } from '../../fixtures/stored-artifact.ts';

async function sample(): Promise<readonly Artifact[]> {
  const repository = memoryRepository();
  await storeArtifact(repository, '2025-01-01T02:00:00Z', { database: 'shop' });
  await storeArtifact(repository, '2025-01-02T02:00:00Z', { database: 'shop', verified: false });
  await storeArtifact(repository, '2025-01-03T02:00:00Z', { database: 'shop-archive' });
  await storeArtifact(repository, '2025-01-04T02:00:00Z', { database: 'shop', environment: 'staging' });
  await storeArtifact(repository, '2025-01-05T02:00:00Z', { database: 'shop', dump: Buffer.alloc(0) });
  return listArtifacts(repository);
}

const scope = { environment: 'prod', database: 'shop' };

describe('findArtifact', () => {
  test('latest is the newest of exactly this database and environment that is not damaged', async () => {
    expect(findArtifact(await sample(), parseChoice('latest'), scope).name).toBe('pg_shop_20250102T020000Z');
    expect(findArtifact(await sample(), parseChoice('latest'), scope, { damaged: true }).name).toBe(
      'pg_shop_20250105T020000Z',
    );
    expect(findArtifact(await sample(), parseChoice('latest'), {}).name).toBe('pg_shop_20250104T020000Z');
  });

  test('a time means the newest whose recovery point is not after it', async () => {
    const before = (text: string): string =>
      findArtifact([...artifacts].reverse(), parseChoice(text), scope).name;
    const artifacts = await sample();
    expect(before('2025-01-02')).toBe('pg_shop_20250101T020000Z');
    expect(before('2025-01-02T02:00:00.399Z')).toBe('pg_shop_20250101T020000Z');
    expect(before('2025-01-02T02:00:00.400Z')).toBe('pg_shop_20250102T020000Z');
    expect(before('2025-01-02T03:30+02:00')).toBe('pg_shop_20250101T020000Z');
    expect(before('20250102T020001Z')).toBe('pg_shop_20250102T020000Z');
  });

  test('a name means that artifact, damaged or not', async () => {
    expect(findArtifact(await sample(), parseChoice('pg_shop_20250105T020000Z'), scope).state).toBe(
      'damaged',
    );
  });

  test('says what there is when there is none', async () => {
    const artifacts = await sample();
    expect(() => findArtifact(artifacts, parseChoice('2024-12-31'), scope)).toThrow(
      'there is no artifact before 2024-12-31T00:00:00.000Z of the database shop in the environment prod',
    );
    expect(() => findArtifact(artifacts, parseChoice('pg_shop_20240101T020000Z'), {})).toThrow(
      'there is no artifact pg_shop_20240101T020000Z',
    );
    expect(() => findArtifact([], parseChoice('latest'), {})).toThrow(
      'there is no artifact that could be used',
    );
  });
});

test('a time without a zone is UTC, whatever zone the host is in', () => {
  expect(parseChoice('2025-01-02 03:04')).toEqual({ kind: 'before', time: new Date('2025-01-02T03:04:00Z') });
  expect(parseChoice('2025-01-02')).toEqual({ kind: 'before', time: new Date('2025-01-02T00:00:00Z') });
  expect(parseChoice('2025-01-02T03:04:05+0530')).toEqual({
    kind: 'before',
    time: new Date('2025-01-01T21:34:05Z'),
  });
});

test.each(['', 'newest', '2025-13-01', 'pg_shop', '../etc/passwd', '2025-01-02T25:00Z'])(
  '%j is no choice',
  (text) => {
    expect(() => parseChoice(text)).toThrow('is neither latest');
  },
);
