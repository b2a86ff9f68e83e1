import { defined } from '../base/defined.ts';
import type { StoredRule, StoredRuleFilter } from '../s3/bucket.ts';
import type { Bucket, LifecycleRule } from '../language/environment/bucket.ts';
import { renderPlanSize } from '../base/quantity/size.ts';
import type { Facts } from './facts.ts';

const dayMs = 86_400_000;

/** A wished rule as the store's interface has it. Pure. */
export function storedRule(rule: LifecycleRule): StoredRule {
  const { noncurrent, expireAfterMs, abortIncompleteUploadsAfterMs } = rule;
  const expiration = {
    ...(expireAfterMs !== undefined && { Days: expireAfterMs / dayMs }),
    ...(rule.expireDeleteMarkers && { ExpiredObjectDeleteMarker: true }),
  };
  return {
    ID: rule.id,
    Status: 'Enabled',
    Filter: filterOf(rule),
    ...(rule.transitions.length > 0 && {
      Transitions: rule.transitions.map(({ afterMs, to }) => ({
        Days: afterMs / dayMs,
        StorageClass: to as never,
      })),
    }),
    ...(Object.keys(expiration).length > 0 && { Expiration: expiration }),
    ...(noncurrent !== undefined &&
      noncurrent.transitions.length > 0 && {
        NoncurrentVersionTransitions: noncurrent.transitions.map(({ afterMs, to }) => ({
          NoncurrentDays: afterMs / dayMs,
          StorageClass: to as never,
        })),
      }),
    ...(noncurrent?.expireAfterMs !== undefined && {
      NoncurrentVersionExpiration: {
        NoncurrentDays: noncurrent.expireAfterMs / dayMs,
        ...defined({ NewerNoncurrentVersions: noncurrent.keepNewest }),
      },
    }),
    ...(abortIncompleteUploadsAfterMs !== undefined && {
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortIncompleteUploadsAfterMs / dayMs },
    }),
  };
}

/** One condition stands by itself, several stand in `And`: Amazon S3's documentation, "Lifecycle configuration elements". */
function filterOf({ prefix, tags, largerThanBytes, smallerThanBytes }: LifecycleRule): StoredRuleFilter {
  const pairs = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const sizes = {
    ...defined({ ObjectSizeGreaterThan: largerThanBytes, ObjectSizeLessThan: smallerThanBytes }),
  };
  const count = pairs.length + Object.keys(sizes).length + (prefix === '' ? 0 : 1);
  const [tag] = pairs;
  if (count === 0) return { Prefix: '' };
  if (count === 1) return { ...(prefix !== '' && { Prefix: prefix }), ...defined({ Tag: tag }), ...sizes };
  return {
    And: { ...(prefix !== '' && { Prefix: prefix }), ...(pairs.length > 0 && { Tags: pairs }), ...sizes },
  };
}

/** The rules with the wishes put in place of those of the same ids; rules of others are kept, in their order. Pure. */
export function mergeRules(bucket: Bucket, is: readonly StoredRule[] | undefined): readonly StoredRule[] {
  const wished = new Map(bucket.lifecycle.map((rule) => [rule.id, rule]));
  const kept = (is ?? []).filter(({ ID }) => !isRehearsal(ID) && !wished.has(ID ?? ''));
  return [...kept, ...[...wished.values()].map(storedRule)];
}

/** Rules of a try that was killed; they act on nothing, and the next apply removes them. */
export const rehearsalId = 'run-plan-rehearsal-';

export function isRehearsal(id: string | undefined): boolean {
  return id?.startsWith(rehearsalId) === true;
}

/** Every condition and act of every rule: `lifecycle.nightly.expire-after` → `70d`. Equal facts mean equal rules. */
export function ruleFacts(rules: readonly StoredRule[] | undefined): Facts {
  return new Map(
    (rules ?? []).flatMap((rule, index) => {
      const id = rule.ID === undefined || rule.ID === '' ? `rule-${index + 1}` : rule.ID;
      return [...oneRule(rule)].map(([key, text]) => [`lifecycle.${id}.${key}`, text] as const);
    }),
  );
}

function oneRule(rule: StoredRule): ReadonlyMap<string, string> {
  const { Filter, Expiration, NoncurrentVersionExpiration: noncurrent } = rule;
  const all = Filter?.And;
  const tags = all?.Tags ?? (Filter?.Tag === undefined ? [] : [Filter.Tag]);
  const found = new Map<string, string>();
  const say = (key: string, value: string | number | undefined): void => {
    if (value !== undefined && value !== '') found.set(key, String(value));
  };
  // `prefix` stands outside of the filter in rules of the first form.
  say('prefix', all?.Prefix ?? Filter?.Prefix ?? prefixOfOldForm(rule));
  for (const { Key = '', Value = '' } of tags) found.set(`tags.${Key}`, Value);
  say('larger-than', size(all?.ObjectSizeGreaterThan ?? Filter?.ObjectSizeGreaterThan));
  say('smaller-than', size(all?.ObjectSizeLessThan ?? Filter?.ObjectSizeLessThan));
  for (const { StorageClass, Days, Date } of rule.Transitions ?? [])
    say(`transition.${String(StorageClass)}`, age(Days, Date));
  say('expire-after', age(Expiration?.Days, Expiration?.Date));
  for (const { StorageClass, NoncurrentDays, NewerNoncurrentVersions } of rule.NoncurrentVersionTransitions ??
    []) {
    say(`noncurrent.transition.${String(StorageClass)}`, age(NoncurrentDays));
    say(`noncurrent.transition.${String(StorageClass)}.keep-newest`, NewerNoncurrentVersions);
  }
  say('noncurrent.expire-after', age(noncurrent?.NoncurrentDays));
  say('noncurrent.keep-newest', noncurrent?.NewerNoncurrentVersions);
  if (Expiration?.ExpiredObjectDeleteMarker === true) say('expire-delete-markers', 'true');
  say('abort-incomplete-uploads-after', age(rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation));
  say('status', rule.Status === 'Enabled' ? 'enabled' : 'disabled');
  return found;
}

function prefixOfOldForm(rule: { readonly Prefix?: string | undefined }): string | undefined {
  return rule.Prefix;
}

function age(days: number | undefined, date?: Date): string | undefined {
  if (date !== undefined) return `on ${date.toISOString().slice(0, 10)}`;
  return days === undefined ? undefined : `${days}d`;
}

function size(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : renderPlanSize(bytes);
}
