import { known, type MayBeOpen } from '../../yaml/open.ts';
import type { DeclaredBucket, LifecycleRule } from '../../environment/bucket.ts';
import { renderPlanDuration } from '../../../base/quantity/duration.ts';
import { greatestKeptAge } from './retention-age.ts';
import type { Rule } from './rule.ts';

export const expiryShorterThanRetention: Rule = {
  name: 'expiry-shorter-than-retention',
  severity: 'warning',
  reason: 'The store removes artifacts that retention counts on, without asking whether newer ones are good.',
  check: ({ plan, environment, bucket }) => {
    if (plan.retention === undefined || bucket === undefined || environment?.repository?.store.kind !== 's3')
      return [];
    const keptMs = greatestKeptAge(plan.retention);
    const prefix = known(environment.repository.store.s3.prefix);
    return bucket.lifecycle.flatMap((rule, index) => {
      const expireAfterMs = known(rule.expireAfterMs);
      if (expireAfterMs === undefined || expireAfterMs >= keptMs || !touches(rule, prefix)) return [];
      const message = `rule '${String(rule.id)}' removes after ${renderPlanDuration(expireAfterMs)} what '${plan.name}' keeps for ${renderPlanDuration(keptMs)}`;
      return [{ message, file: 'environments', path: pathOf(bucket, index, 'expire-after') }];
    });
  },
};

/** Whether a rule's keys and a repository's have any in common. */
function touches(
  { prefix: start, tags }: MayBeOpen<LifecycleRule>,
  repositoryPrefix: string | undefined,
): boolean {
  const prefix = known(start);
  if (prefix === undefined || repositoryPrefix === undefined) return false;
  const keys = repositoryPrefix === '' ? '' : `${repositoryPrefix}/`;
  return Object.keys(tags).length === 0 && (keys.startsWith(prefix) || prefix.startsWith(keys));
}

/** Where a key of a bucket's lifecycle rule is written. */
export function pathOf(
  bucket: DeclaredBucket,
  rule: number,
  ...keys: string[]
): readonly (string | number)[] {
  return ['buckets', bucket.name, 'lifecycle', rule, ...keys];
}
