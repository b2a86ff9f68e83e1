import type { LifecycleRule as StoredRule } from '@aws-sdk/client-s3';

const dayMs = 86_400_000;
/** A larger canary would cost more than it tells. Bytes. */
const largestBytes = 16 * 1024 ** 2;

/** What a rule is to do to a canary. */
export type CanaryAct =
  | 'expires'
  | 'moves'
  | 'expires as a noncurrent version'
  | 'moves as a noncurrent version'
  | 'expires as a delete marker'
  | 'is aborted as an unfinished upload';

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

/** Everything that a rule of days is to do; a rule of a date, or of objects too large for a canary, gives nothing. Pure. */
export function wishesOf(rule: StoredRule): readonly CanaryWish[] {
  const { prefix, tags, largerThan, smallerThan } = scopeOf(rule);
  const bytes = Math.max(1, largerThan + 1);
  if (rule.Status !== 'Enabled' || bytes > largestBytes || bytes >= smallerThan) return [];
  const wishes: CanaryWish[] = [];
  const wish = (act: CanaryAct, days: number | undefined, more: Partial<CanaryWish> = {}): void => {
    if (days !== undefined) wishes.push({ rule: rule.ID ?? '', act, days, prefix, tags, bytes, ...more });
  };
  wish('expires', rule.Expiration?.Days);
  // Only the first move: a canary that moves on is no longer where the first one put it.
  const [move] = (rule.Transitions ?? []).toSorted((left, right) => (left.Days ?? 0) - (right.Days ?? 0));
  if (move?.StorageClass !== undefined) wish('moves', move.Days, { storageClass: move.StorageClass });
  const expiry = rule.NoncurrentVersionExpiration;
  wish('expires as a noncurrent version', expiry?.NoncurrentDays, {
    keepNewest: expiry?.NewerNoncurrentVersions ?? 0,
  });
  const [past] = (rule.NoncurrentVersionTransitions ?? []).toSorted(
    (left, right) => (left.NoncurrentDays ?? 0) - (right.NoncurrentDays ?? 0),
  );
  if (past?.StorageClass !== undefined)
    wish('moves as a noncurrent version', past.NoncurrentDays, {
      storageClass: past.StorageClass,
      keepNewest: past.NewerNoncurrentVersions ?? 0,
    });
  if (rule.Expiration?.ExpiredObjectDeleteMarker === true) wish('expires as a delete marker', 1);
  wish('is aborted as an unfinished upload', rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation);
  return wishes;
}

/** When a canary is due, milliseconds since 1970. Pure. */
export function dueMs(plantedAtMs: number, days: number, graceMs: number): number {
  return plantedAtMs + days * dayMs + graceMs;
}
