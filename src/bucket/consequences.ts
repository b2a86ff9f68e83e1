import type { Bucket, LifecycleRule } from '../language/environment/bucket.ts';
import type { S3 } from '../s3/client.ts';
import { listUploads } from '../s3/listing.ts';
import { listVersions, versionPages } from '../s3/versions.ts';
import type { ComparedRow } from './compare.ts';
import { createRuleEffects, type RuleEffects } from './rule-effects.ts';

/**
 * The rows of a bucket's lifecycle, with what each new or changed rule would do at the store's next pass, counted over
 * every version below its prefix. Rules of one prefix are counted in one listing.
 * @throws Failure `repository-*`
 */
export async function consequences(
  store: S3,
  bucket: Bucket,
  rows: readonly ComparedRow[],
  signal?: AbortSignal,
): Promise<readonly ComparedRow[]> {
  const changed = bucket.lifecycle.filter(({ id }) => rows.some((row) => ruleOf(row) === id));
  const now = Date.now();
  const counted = changed.map((rule) => ({ rule, effects: createRuleEffects(rule, now) }));
  for (const prefix of new Set(counted.map(({ rule }) => rule.prefix))) {
    await countBelow(
      store,
      prefix,
      counted.filter(({ rule }) => rule.prefix === prefix),
      signal,
    );
  }
  const told = new Map(counted.map(({ rule, effects }) => [rule.id, effects.sentences()]));
  return rows.map((row, index) => {
    const id = ruleOf(row);
    const isFirst = rows.findIndex((other) => ruleOf(other) === id) === index;
    const sentences = id === undefined ? undefined : told.get(id);
    if (!isFirst || sentences === undefined) return row;
    return {
      ...row,
      consequence: sentences.length === 0 ? 'nothing at the next pass' : sentences.join('; '),
    };
  });
}

async function countBelow(
  store: S3,
  prefix: string,
  counted: readonly { readonly rule: LifecycleRule; readonly effects: RuleEffects }[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const seesVersions = counted.some(
    ({ rule }) =>
      rule.expireAfterMs !== undefined ||
      rule.transitions.length > 0 ||
      rule.noncurrent !== undefined ||
      rule.expireDeleteMarkers,
  );
  if (seesVersions) {
    for await (const version of listVersions(versionPages(store, prefix, signal)))
      for (const { effects } of counted) effects.add(version);
  }
  if (counted.every(({ rule }) => rule.abortIncompleteUploadsAfterMs === undefined)) return;
  for await (const { key, startedAt } of listUploads(store, signal))
    for (const { effects } of counted) effects.addUpload({ key, startedAtMs: startedAt.getTime() });
}

/** The id of the wished rule that a row is about: ids are names, without dots. */
function ruleOf({ setting, key }: ComparedRow): string | undefined {
  return setting === 'lifecycle' ? key.split('.')[1] : undefined;
}
