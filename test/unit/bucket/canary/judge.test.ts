import type { LifecycleRule as StoredRule } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { wishesOf, type CanaryAct } from '../../../../src/bucket/canary/canary.ts';
import { judge, othersOf, type Fate } from '../../../../src/bucket/canary/judge.ts';

function stored(ID: string, Prefix: string, acts: Partial<StoredRule>): StoredRule {
  return { ID, Status: 'Enabled', Filter: { Prefix }, ...acts };
}

/** What the first rule's canary for an act is judged to be among all of the rules. */
function verdictOf(rules: readonly [StoredRule, ...StoredRule[]], act: CanaryAct, fate: Fate) {
  const wish = wishesOf(rules[0]).find((one) => one.act === act);
  if (wish === undefined) throw new Error(`the rule has no canary for: ${act}`);
  const key = `${wish.prefix}.run-plan-canary/0123456789abcdef`;
  const { rule, days, storageClass } = wish;
  const planted = { rule, act, key, plantedAtMs: 0, days, others: othersOf(wish, key, rules) };
  const verdict = judge({ ...planted, ...(storageClass !== undefined && { storageClass }) }, fate);
  return typeof verdict === 'string' ? verdict : `${verdict.rule} ${verdict.act} ${String(verdict.days)}`;
}

const tiers = stored('tiers', 'prod/', {
  Transitions: [
    { Days: 90, StorageClass: 'GLACIER' },
    { Days: 14, StorageClass: 'STANDARD_IA' },
  ],
  Expiration: { Days: 365 },
});
const all = stored('all', '', { Expiration: { Days: 7 } });

test('a canary that went on by its own rule’s later acts tells of those, and not that the first was missed', () => {
  expect(verdictOf([tiers], 'moves', 'as planted')).toBe('nobody');
  expect(verdictOf([tiers], 'moves', { storageClass: 'STANDARD_IA' })).toBe('own');
  expect(verdictOf([tiers], 'moves', { storageClass: 'GLACIER' })).toBe('tiers moves 90');
  expect(verdictOf([tiers], 'moves', 'gone')).toBe('tiers expires 365');
  expect(verdictOf([tiers], 'moves', { storageClass: 'DEEP_ARCHIVE' })).toBe('unexplained');
});

test('of rules that do the same to one object that of the fewest days has acted', () => {
  expect(verdictOf([tiers, all], 'expires', 'gone')).toBe('all expires 7');
  expect(verdictOf([all, tiers], 'expires', 'gone')).toBe('own');
  const twin = stored('twin', 'prod/', { Expiration: { Days: 365 } });
  expect(verdictOf([tiers, twin], 'expires', 'gone')).toBe('own');
});

test('rules of other prefixes, tags, sizes, of no effect, or that keep more versions take no canary', () => {
  const elsewhere = stored('elsewhere', 'dev/', { Expiration: { Days: 1 } });
  const tagged = stored('tagged', '', {
    Filter: { Tag: { Key: 'a', Value: 'b' } },
    Expiration: { Days: 1 },
  });
  const large = stored('large', '', {
    Filter: { ObjectSizeGreaterThan: 1_000_000 },
    Expiration: { Days: 1 },
  });
  const off: StoredRule = { ...all, Status: 'Disabled' };
  const moves = stored('moves', 'prod/', { Transitions: [{ Days: 14, StorageClass: 'GLACIER' }] });
  expect(verdictOf([moves, elsewhere, tagged, large, off], 'moves', 'gone')).toBe('unexplained');

  const past = (ID: string, NoncurrentDays: number, NewerNoncurrentVersions: number): StoredRule =>
    stored(ID, '', { NoncurrentVersionExpiration: { NoncurrentDays, NewerNoncurrentVersions } });
  const act = 'expires as a noncurrent version';
  expect(verdictOf([past('few', 30, 1), past('many', 1, 5)], act, 'gone')).toBe('own');
  expect(verdictOf([past('many', 30, 5), past('few', 1, 1)], act, 'gone')).toBe(`few ${act} 1`);
});

test('a canary that is to move is as large as stores move, where the rule is about such sizes', () => {
  const bytesOf = (Filter: NonNullable<StoredRule['Filter']>): unknown =>
    wishesOf({ ...tiers, Filter }).map(({ act, bytes }) => [act, bytes]);
  expect(bytesOf({ Prefix: '' })).toEqual([
    ['moves', 131_072],
    ['expires', 1],
  ]);
  expect(bytesOf({ ObjectSizeLessThan: 1000 })).toEqual([
    ['moves', 1],
    ['expires', 1],
  ]);
  expect(bytesOf({ ObjectSizeGreaterThan: 200_000 })).toEqual([
    ['moves', 200_001],
    ['expires', 200_001],
  ]);
});
