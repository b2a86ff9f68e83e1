import { describe, expect, test } from 'vitest';
import type { Leftover } from '../../../src/artifact/artifact.ts';
import { decideDebris, isDebrisUpload } from '../../../src/artifact/prune-plan.ts';
import { artifactName } from '../../../src/artifact/name.ts';

const debrisAgeMs = 86_400_000;

const now = new Date('2025-01-31T02:00:00Z');
const hour = 3_600_000;

function ago(hours: number): Date {
  return new Date(now.getTime() - hours * hour);
}

function leftover(hours: number, suffixes = ['.dump.zst'], changedHoursAgo = hours): Leftover {
  const name = artifactName('cleaning', ago(hours));
  const objects = suffixes.map((suffix) => ({
    key: name + suffix,
    bytes: 10,
    modifiedAt: ago(changedHoursAgo),
  }));
  return { name, database: 'cleaning', at: ago(hours), objects, bytes: 10 * objects.length };
}

const artifacts = [
  { database: 'cleaning', createdAt: ago(240) },
  { database: 'shop', createdAt: ago(2400) },
];

function verdict(given: Leftover, ageMs = debrisAgeMs): string {
  const [decision] = decideDebris([given], { now, ageMs, artifacts });
  return `${decision?.remove === true ? 'remove' : 'keep'}: ${decision?.reason ?? ''}`;
}

describe('files without a manifest', () => {
  test('go when they are older than a day', () => {
    expect(verdict(leftover(25))).toBe('remove: no manifest, and older than 1d');
    expect(verdict(leftover(24))).toBe('keep: no manifest yet, and younger than 1d: a run may be writing it');
  });

  test('stay while one of them is still being written, however old their name', () => {
    expect(verdict(leftover(30, ['.dump.zst'], 1))).toMatch(/^keep: .*may be writing it/);
  });

  test('stay when their name says a time to come', () => {
    expect(verdict(leftover(-5, ['.dump.zst'], 100))).toMatch(/^keep/);
  });

  test('stay longer when the plan says so', () => {
    expect(verdict(leftover(30), 72 * hour)).toMatch(/^keep: .*younger than 3d/);
  });

  test('stay when another tool may have written them before the first artifact', () => {
    expect(verdict(leftover(500, ['.dump', '.dump.sha256']))).toBe(
      "keep: no manifest, and older than every artifact of cleaning: it may be another tool's backup",
    );
  });

  test('go, however old, when only run-plan writes such files: an interrupted prune is finished', () => {
    for (const suffix of ['.RESTORE.md', '.verified.json', '.drilled.json', '.dump.d/rest.tar.zst']) {
      expect(verdict(leftover(500, ['.dump.zst', suffix]))).toMatch(/^remove/);
    }
  });
});

test.each([
  ['pg_cleaning_20250101T020000Z.dump.zst', 25, true],
  ['runs/nightly-prod/nightly-prod-20250101T020000Z-3fa9.json', 25, true],
  ['runs/back/back-20250101T020000Z-3fa9/uploads-restore/changes.ndjson.gz', 25, true],
  ['runs/back/holiday.ndjson.gz', 2500, false],
  ['pg_cleaning_20250101T020000Z.dump.zst', 23, false],
  ['films/holiday.mp4', 2500, false],
  ['pg_cleaning.tar', 2500, false],
])('an unfinished upload of %s, %d hours old, is debris: %s', (key, hours, expected) => {
  expect(isDebrisUpload({ key, startedAt: ago(hours) }, { now, ageMs: debrisAgeMs })).toBe(expected);
});
