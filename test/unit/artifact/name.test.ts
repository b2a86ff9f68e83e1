import { expect, test } from 'vitest';
import {
  artifactName,
  compactTime,
  parseArtifactKey,
  parseArtifactName,
  parseCompactTime,
} from '../../../src/artifact/name.ts';
import { fc } from '../../fixtures/property.ts';

const at = new Date('2025-01-01T02:00:00Z');

test('a name is spelled as the runbook spells it', () => {
  expect(artifactName('cleaning', at)).toBe('pg_cleaning_20250101T020000Z');
  expect(artifactName('Büro/1 %', at)).toBe('pg_B%C3%BCro%2F1%20%25_20250101T020000Z');
});

test('every database and whole second can be read back from the name', () => {
  const second = fc
    .integer({ min: 0, max: Date.UTC(2999, 0, 1) / 1000 })
    .map((seconds) => new Date(seconds * 1000));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 63 }), second, (database, time) => {
      const name = artifactName(database, time);
      expect(name).toMatch(/^[A-Za-z0-9._%-]+$/);
      expect(parseArtifactName(name)).toEqual({ database, at: time });
      for (const suffix of [
        '.dump.zst',
        '.manifest.json',
        '.drilled.json',
        '.dump.d/12.dat.zst',
        '.sha256',
      ]) {
        expect(parseArtifactKey(name + suffix)).toEqual({ name, suffix });
      }
    }),
  );
});

test('a database named like a key does not confuse its keys', () => {
  const name = artifactName('shop_20240101T000000Z.dump.zst', at);
  expect(parseArtifactKey(`${name}.manifest.json`)).toEqual({ name, suffix: '.manifest.json' });
});

test.each([
  'cleaning_20250101T020000Z',
  'pg_cleaning_20250101',
  'pg_20250101T020000Z',
  'pg_a%2_20250101T020000Z',
  'pg_a%61_20250101T020000Z',
  'pg_a_20250101T250000Z',
])('%s is no name', (text) => {
  expect(parseArtifactName(text)).toBeUndefined();
});

test('times that no calendar has are refused', () => {
  expect(parseCompactTime('20250230T000000Z')).toBeUndefined();
  expect(parseCompactTime(compactTime(at))).toEqual(at);
});
