import { expect, test } from 'vitest';
import { createRuleEffects, type ListedVersion } from '../../../src/bucket/consequences.ts';
import type { LifecycleRule } from '../../../src/language/environment/bucket.ts';

const dayMs = 86_400_000;
const nowMs = 1000 * dayMs;

function sentences(changes: Partial<LifecycleRule>, versions: readonly ListedVersion[]): readonly string[] {
  const rule = { id: 'r', prefix: '', tags: {}, transitions: [], expireDeleteMarkers: false, ...changes };
  const effects = createRuleEffects(rule, nowMs);
  for (const version of versions) effects.add(version);
  return effects.sentences();
}

/** Versions of a key by their ages in days, the current one first. */
function key(name: string, ages: readonly number[], changes: Partial<ListedVersion> = {}): ListedVersion[] {
  return ages.map((age, index) => ({
    key: name,
    latest: index === 0,
    kind: 'object',
    at: nowMs - age * dayMs,
    bytes: 1000,
    storageClass: 'STANDARD',
    ...changes,
  }));
}

test('a noncurrent version ages from the day on which it was replaced, not from its own', () => {
  const noncurrent = { transitions: [], expireAfterMs: 30 * dayMs };
  expect(sentences({ noncurrent }, key('a', [10, 400]))).toEqual([]);
  expect(sentences({ noncurrent }, key('a', [31, 400, 500]))).toEqual([
    '2 noncurrent versions older than 30 d would expire at the next pass, 2.00 kB',
  ]);
});

test('the newest noncurrent versions of each key stay, however old', () => {
  const noncurrent = { transitions: [], expireAfterMs: 30 * dayMs, keepNewest: 2 };
  const versions = [...key('a', [100, 200, 300, 400, 500]), ...key('b', [100, 200, 300])];
  expect(sentences({ noncurrent }, versions)).toEqual([
    '2 noncurrent versions older than 30 d would expire at the next pass, 2.00 kB',
  ]);
});

test('a delete marker goes only when it hides nothing', () => {
  const marker = { kind: 'marker', bytes: 0 } as const;
  const alone = key('a', [5], marker);
  const hiding = [...key('b', [5], marker), ...key('b', [9], { latest: false })];
  expect(sentences({ expireDeleteMarkers: true }, [...alone, ...hiding, ...key('c', [5], marker)])).toEqual([
    '2 delete markers that hide nothing would be removed at the next pass',
  ]);
});

test('prefix and sizes are looked at; tags make the count a greatest one', () => {
  const versions = [...key('in/a', [50]), ...key('in/large', [50], { bytes: 5000 }), ...key('out', [50])];
  expect(sentences({ prefix: 'in/', expireAfterMs: 20 * dayMs, smallerThanBytes: 2000 }, versions)).toEqual([
    '1 object older than 20 d would expire at the next pass, 1.00 kB',
  ]);
  expect(
    sentences({ prefix: 'in/', tags: { tier: 'daily' }, expireAfterMs: 20 * dayMs }, versions)[0],
  ).toMatch(/^at most 2 objects older .* \(counted without their tags\)$/);
});

test('of several moves the last one that is due counts, and not for what is there already', () => {
  const transitions = [
    { afterMs: 30 * dayMs, to: 'STANDARD_IA' as const },
    { afterMs: 90 * dayMs, to: 'GLACIER' as const },
  ];
  const versions = [...key('a', [40]), ...key('b', [100]), ...key('c', [100], { storageClass: 'GLACIER' })];
  expect(sentences({ transitions }, versions)).toEqual([
    '1 object older than 30 d would move to STANDARD_IA at the next pass, 1.00 kB',
    '1 object older than 90 d would move to GLACIER at the next pass, 1.00 kB',
  ]);
});
