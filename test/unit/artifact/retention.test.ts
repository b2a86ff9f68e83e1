import { describe, expect, test } from 'vitest';
import { artifactName } from '../../../src/artifact/name.ts';
import { decideRetention, type RetentionCandidate } from '../../../src/artifact/retention.ts';
import type { RetentionPolicy } from '../../../src/language/plan/plan.ts';

const day = 86_400_000;
const now = new Date('2025-01-31T02:30:00Z');

function nightly(daysAgo: number, changes: Partial<RetentionCandidate> = {}): RetentionCandidate {
  const createdAt = new Date(Date.parse('2025-01-31T02:00:00Z') - daysAgo * day);
  const database = changes.database ?? 'cleaning';
  return {
    name: artifactName(database, createdAt),
    database,
    environment: 'prod',
    createdAt,
    state: 'verified',
    ...changes,
  };
}

function nights(count: number, changes: Partial<RetentionCandidate> = {}): RetentionCandidate[] {
  return Array.from({ length: count }, (_, daysAgo) => nightly(daysAgo, changes));
}

function kept(
  candidates: readonly RetentionCandidate[],
  policy: RetentionPolicy,
  zone = 'UTC',
  at = now,
): string[] {
  return decideRetention(candidates, policy, at, zone)
    .filter(({ keep }) => keep)
    .map(({ name }) => name.slice(-16, -8));
}

function reasonOf(candidates: readonly RetentionCandidate[], index: number, policy: RetentionPolicy): string {
  const decision = decideRetention(candidates, policy, now, 'UTC')[index];
  return `${decision?.keep === true ? 'keep' : 'remove'}: ${decision?.reason ?? ''}`;
}

describe('what stays', () => {
  test('everything within keep-within, and the newest of four weeks', () => {
    expect(kept(nights(60), { keepWithinMs: 3 * day, keepWeekly: 4, keepAtLeast: 1 })).toEqual([
      '20250131', '20250130', '20250129', '20250126', '20250119', '20250112',
    ]); // prettier-ignore
  });

  test('the newest of each day, month and year', () => {
    const candidates = nights(800);
    expect(kept(candidates, { keepDaily: 2, keepAtLeast: 1 })).toEqual(['20250131', '20250130']);
    expect(kept(candidates, { keepMonthly: 3, keepAtLeast: 1 })).toEqual([
      '20250131',
      '20241231',
      '20241130',
    ]);
    expect(kept(candidates, { keepYearly: 2, keepAtLeast: 1 })).toEqual(['20250131', '20241231']);
  });

  test('slots are cut in the plan’s zone, not in UTC', () => {
    const twice = [
      nightly(0, { createdAt: new Date('2025-01-30T23:30:00Z') }),
      nightly(1, { createdAt: new Date('2025-01-30T01:00:00Z') }),
    ];
    expect(kept(twice, { keepDaily: 2, keepAtLeast: 1 }, 'UTC')).toHaveLength(1);
    expect(kept(twice, { keepDaily: 2, keepAtLeast: 1 }, 'Europe/Berlin')).toHaveLength(2);
  });

  test('never fewer than keep-at-least, however old they are', () => {
    const old = nights(10).map((candidate) => ({
      ...candidate,
      createdAt: new Date(candidate.createdAt.getTime() - 400 * day),
    }));
    expect(kept(old, { keepWithinMs: day, keepAtLeast: 3 })).toHaveLength(3);
    expect(reasonOf(old, 2, { keepWithinMs: day, keepAtLeast: 3 })).toBe(
      'keep: among the 3 to keep at least',
    );
  });

  test('backups that failed for months do not empty the repository', () => {
    const policy = { keepWithinMs: 14 * day, keepWeekly: 4, keepAtLeast: 3 };
    const later = new Date(now.getTime() + 365 * day);
    expect(kept(nights(60), policy, 'UTC', later)).toHaveLength(4);
  });

  test('the newest drilled artifact', () => {
    const candidates = nights(30).map((candidate, index) =>
      index >= 20 && index % 2 === 0 ? { ...candidate, drilledAt: now } : candidate,
    );
    expect(kept(candidates, { keepLast: 1, keepAtLeast: 1 })).toEqual(['20250131', '20250111']);
    expect(reasonOf(candidates, 20, { keepLast: 1, keepAtLeast: 1 })).toBe(
      'keep: newest drilled, on 2025-01-31',
    );
  });
});

describe('what counts', () => {
  test('nothing is removed while the newest artifact is not verified', () => {
    for (const state of ['unverified', 'damaged'] as const) {
      const candidates = [nightly(0, { state }), ...nights(40).slice(1)];
      expect(kept(candidates, { keepLast: 1, keepAtLeast: 1 })).toHaveLength(40);
    }
    expect(
      reasonOf([nightly(0, { state: 'unverified' }), nightly(9)], 1, { keepLast: 1, keepAtLeast: 1 }),
    ).toBe(
      'keep: nothing is removed while the newest artifact, pg_cleaning_20250131T020000Z, is not verified',
    );
  });

  test('a newest artifact with an unreadable manifest holds its database back in every environment', () => {
    const unreadable = nightly(0, {
      state: 'damaged',
      environment: undefined,
      name: 'pg_cleaning_20250131T020001Z',
    });
    const candidates = [unreadable, ...nights(10).slice(1), ...nights(10, { database: 'shop' })];
    expect(kept(candidates, { keepLast: 1, keepAtLeast: 1 })).toHaveLength(1 + 9 + 1);
  });

  test('a damaged artifact fills no slot and is not removed either', () => {
    const candidates = [
      nightly(0),
      nightly(1, { state: 'damaged', reason: 'x.dump.zst is missing' }),
      nightly(2),
      nightly(3),
    ];
    const policy = { keepLast: 2, keepAtLeast: 1 };
    expect(kept(candidates, policy)).toEqual(['20250131', '20250130', '20250129']);
    expect(reasonOf(candidates, 1, policy)).toBe(
      'keep: damaged: x.dump.zst is missing; not counted, to be judged by a person',
    );
  });

  test('an unverified artifact never pushes a verified one out of its slot', () => {
    const candidates = [
      nightly(0),
      nightly(5, { state: 'unverified' }),
      nightly(6),
      nightly(12, { state: 'unverified' }),
      nightly(20),
    ];
    expect(kept(candidates, { keepWeekly: 3, keepAtLeast: 1 })).toEqual([
      '20250131',
      '20250125',
      '20250119',
      '20250111',
    ]);
  });

  test('an unverified artifact of the last day stays: a run may be reading it back', () => {
    const candidates = [
      nightly(0),
      nightly(0.25, { state: 'unverified' }),
      nightly(2, { state: 'unverified' }),
    ];
    expect(kept(candidates, { keepLast: 1, keepAtLeast: 1 })).toEqual(['20250131', '20250130']);
    expect(reasonOf(candidates, 2, { keepLast: 1, keepAtLeast: 1 })).toBe('remove: in no slot; not verified');
  });

  test('the floor is made of verified artifacts as long as there are any', () => {
    const candidates = [nightly(0), nightly(40, { state: 'unverified' }), nightly(41), nightly(42)];
    expect(kept(candidates, { keepWithinMs: day, keepAtLeast: 3 })).toEqual([
      '20250131',
      '20241221',
      '20241220',
    ]);
    expect(kept(candidates, { keepWithinMs: day, keepAtLeast: 4 })).toHaveLength(4);
  });

  test('an artifact dated in the future stays, counts for nothing and is not the newest', () => {
    const future = nightly(-300, { state: 'unverified' });
    expect(kept([future, ...nights(5)], { keepLast: 2, keepAtLeast: 2 })).toEqual([
      '20251127',
      '20250131',
      '20250130',
    ]);
    expect(kept([nightly(-300), ...nights(5)], { keepLast: 2, keepAtLeast: 2 })).toHaveLength(3);
  });

  test('databases and environments fill slots of their own', () => {
    const policy = { keepDaily: 2, keepAtLeast: 1 };
    const candidates = [
      ...nights(5, { database: 'shop' }),
      ...nights(5, { database: 'shop-archive' }),
      ...nights(5, { database: 'shop', environment: 'staging' }),
    ];
    expect(kept(candidates, policy)).toHaveLength(6);
  });
});

test('reasons say what an operator wants to know', () => {
  const candidates = nights(40);
  const policy = { keepWithinMs: 2 * day, keepWeekly: 4, keepMonthly: 1, keepAtLeast: 3 };
  expect(reasonOf(candidates, 0, policy)).toBe(
    'keep: within 2d; weekly 1 of 4: newest of 2025-W05; monthly 1 of 1: newest of 2025-01',
  );
  expect(reasonOf(candidates, 5, policy)).toBe('keep: weekly 2 of 4: newest of 2025-W04');
  expect(reasonOf(candidates, 7, policy)).toBe('remove: older than 2d and in no slot');
  expect(reasonOf(candidates, 7, { keepWithinMs: 2 * day, keepAtLeast: 3 })).toBe('remove: older than 2d');
  expect(reasonOf(candidates, 7, { keepAtLeast: 3 })).toBe('remove: beyond the 3 to keep at least');
});
