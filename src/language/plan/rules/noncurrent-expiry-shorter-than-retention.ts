import { renderPlanDuration } from '../../../base/quantity/duration.ts';
import { pathOf } from './expiry-shorter-than-retention.ts';
import { known } from '../../yaml/open.ts';
import { greatestKeptAge } from './retention-age.ts';
import type { Rule } from './rule.ts';

export const noncurrentExpiryShorterThanRetention: Rule = {
  name: 'noncurrent-expiry-shorter-than-retention',
  severity: 'warning',
  reason:
    'A restored dump names files whose versions of that day are gone: database and uploads no longer meet.',
  check: ({ plan, environment, environments }) => {
    if (plan.retention === undefined || environment?.uploads?.store.kind !== 's3') return [];
    const bucket = environments.buckets.get(known(environment.uploads.store.s3.bucket) ?? '');
    if (bucket === undefined) return [];
    const keptMs = greatestKeptAge(plan.retention);
    return bucket.lifecycle.flatMap((rule, index) => {
      const expiryMs = known(rule.noncurrent?.expireAfterMs);
      if (expiryMs === undefined || expiryMs >= keptMs) return [];
      const message =
        `rule '${String(rule.id)}' removes old versions after ${renderPlanDuration(expiryMs)}, ` +
        `but '${plan.name}' keeps dumps for ${renderPlanDuration(keptMs)}`;
      return [{ message, file: 'environments', path: pathOf(bucket, index, 'noncurrent', 'expire-after') }];
    });
  },
};
