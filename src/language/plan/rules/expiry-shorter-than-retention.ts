import type { Bucket, LifecycleRule } from '../../environment/bucket.ts';
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
    const { prefix } = environment.repository.store.s3;
    return bucket.lifecycle.flatMap((rule, index) => {
      const { expireAfterMs } = rule;
      if (expireAfterMs === undefined || expireAfterMs >= keptMs || !touches(rule, prefix)) return [];
      const message = `rule '${rule.id}' removes after ${renderPlanDuration(expireAfterMs)} what '${plan.name}' keeps for ${renderPlanDuration(keptMs)}`;
      return [{ message, file: 'environments', path: pathOf(bucket, index, 'expire-after') }];
    });
  },
};

/** Whether a rule's keys and a repository's have any in common. */
function touches({ prefix, tags }: LifecycleRule, repositoryPrefix: string): boolean {
  const keys = repositoryPrefix === '' ? '' : `${repositoryPrefix}/`;
  return Object.keys(tags).length === 0 && (keys.startsWith(prefix) || prefix.startsWith(keys));
}

/** Where a key of a bucket's lifecycle rule is written. */
export function pathOf(bucket: Bucket, rule: number, ...keys: string[]): readonly (string | number)[] {
  return ['buckets', bucket.name, 'lifecycle', rule, ...keys];
}
