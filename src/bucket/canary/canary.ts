import type { StoredRule } from '../../s3/bucket.ts';

const dayMs = 86_400_000;
/** A larger canary would cost more than it tells. Bytes. */
const largestBytes = 16 * 1024 ** 2;
/** Smaller ones stay where they are: Amazon S3's documentation, "Constraints and considerations for transitions". */
const smallestMovedBytes = 128 * 1024;

/** Part of the key of every canary, and of no other object. */
export const canaryFolder = '.run-plan-canary/';

/** Whether a key is one that planting makes. Pure. */
export function isCanaryKey(key: string): boolean {
  const [name, before] = key.split(canaryFolder).reverse();
  return before !== undefined && name !== undefined && /^[0-9a-f]{16}$/.test(name);
}

/** What a rule is to do to a canary, and which acts of any rule take the same object out of its sight. */
export const takers = {
  expires: ['expires'],
  moves: ['expires', 'moves'],
  'expires as a noncurrent version': ['expires as a noncurrent version'],
  'moves as a noncurrent version': ['expires as a noncurrent version', 'moves as a noncurrent version'],
  // An expiry of days also removes the delete markers that are left alone.
  'expires as a delete marker': ['expires as a delete marker', 'expires'],
  'is aborted as an unfinished upload': ['is aborted as an unfinished upload'],
} as const;

/** What a rule is to do to a canary. */
export type CanaryAct = keyof typeof takers;

/** One thing that a rule is to do. */
export interface CanaryWish {
  readonly rule: string;
  readonly act: CanaryAct;
  readonly days: number;
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** Where it is to move. */
  readonly storageClass?: string;
  /** Versions that the rule keeps although they are old. */
  readonly keepNewest?: number;
}

/** What a rule looks at. */
export interface RuleScope {
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly largerThan: number;
  readonly smallerThan: number;
}

export function scopeOf(rule: StoredRule): RuleScope {
  const { Filter: filter } = rule;
  const all = filter?.And;
  const tags = all?.Tags ?? (filter?.Tag === undefined ? [] : [filter.Tag]);
  // A rule of the first form has its prefix outside of the filter.
  const { Prefix: old }: { readonly Prefix?: string | undefined } = rule;
  return {
    prefix: all?.Prefix ?? filter?.Prefix ?? old ?? '',
    tags: Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
    largerThan: all?.ObjectSizeGreaterThan ?? filter?.ObjectSizeGreaterThan ?? -1,
    smallerThan: all?.ObjectSizeLessThan ?? filter?.ObjectSizeLessThan ?? Infinity,
  };
}

/** Whether a rule is about an object. Pure. */
export function covers(
  scope: RuleScope,
  object: { readonly key: string; readonly tags: Readonly<Record<string, string>>; readonly bytes: number },
): boolean {
  return (
    object.key.startsWith(scope.prefix) &&
    Object.entries(scope.tags).every(([name, value]) => object.tags[name] === value) &&
    object.bytes > scope.largerThan &&
    object.bytes < scope.smallerThan
  );
}

/**
 * One canary for each kind of thing that a rule of days is to do; a rule of a date, or of objects too large for a canary,
 * gives nothing. Pure.
 */
export function wishesOf(rule: StoredRule): readonly CanaryWish[] {
  const scope = scopeOf(rule);
  const bytes = smallestBytes(scope);
  if (bytes > largestBytes || bytes >= scope.smallerThan) return [];
  const acts = actsOf(rule);
  // Only the first move: a canary that moves on is no longer where the first one put it.
  return acts.filter((wish) => acts.find(({ act }) => act === wish.act) === wish);
}

/** Everything that an enabled rule does after days, each act by its days. Pure. */
export function actsOf(rule: StoredRule): readonly CanaryWish[] {
  if (rule.Status !== 'Enabled') return [];
  const scope = scopeOf(rule);
  const { prefix, tags } = scope;
  const acts: CanaryWish[] = [];
  const add = (act: CanaryAct, days: number | undefined, more: Partial<CanaryWish> = {}): void => {
    if (days === undefined) return;
    const bytes = more.storageClass === undefined ? smallestBytes(scope) : movableBytes(scope);
    acts.push({ rule: rule.ID ?? '', act, days, prefix, tags, bytes, ...more });
  };
  add('expires', rule.Expiration?.Days);
  for (const { StorageClass: storageClass, Days } of rule.Transitions ?? [])
    if (storageClass !== undefined) add('moves', Days, { storageClass });
  const expiry = rule.NoncurrentVersionExpiration;
  add('expires as a noncurrent version', expiry?.NoncurrentDays, {
    keepNewest: expiry?.NewerNoncurrentVersions ?? 0,
  });
  for (const move of rule.NoncurrentVersionTransitions ?? []) {
    const { StorageClass: storageClass, NoncurrentDays, NewerNoncurrentVersions: keepNewest = 0 } = move;
    if (storageClass !== undefined)
      add('moves as a noncurrent version', NoncurrentDays, { storageClass, keepNewest });
  }
  if (rule.Expiration?.ExpiredObjectDeleteMarker === true) add('expires as a delete marker', 1);
  add('is aborted as an unfinished upload', rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation);
  return acts.toSorted((left, right) => left.days - right.days);
}

function smallestBytes({ largerThan }: RuleScope): number {
  return Math.max(1, largerThan + 1);
}

/** Large enough that Amazon S3 moves it, where the rule is about such sizes. */
function movableBytes(scope: RuleScope): number {
  const smallest = smallestBytes(scope);
  return smallestMovedBytes < scope.smallerThan ? Math.max(smallest, smallestMovedBytes) : smallest;
}

/** When a canary is due, milliseconds since 1970. Pure. */
export function dueMs(plantedAtMs: number, days: number, graceMs: number): number {
  return plantedAtMs + days * dayMs + graceMs;
}
