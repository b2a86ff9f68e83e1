import { renderPlanDuration } from '../../../base/quantity/duration.ts';
import { known } from '../../yaml/open.ts';
import type { Rule } from './rule.ts';

export const objectLockLongerThanRetention: Rule = {
  name: 'object-lock-longer-than-retention',
  severity: 'warning',
  reason: 'Prune is refused what the lock still holds, so every run warns and the bucket grows.',
  check: ({ plan, bucket }) => {
    const lockMs = known(bucket?.objectLock?.forMs);
    const keptMs = plan.retention?.keepWithinMs;
    if (bucket === undefined || lockMs === undefined || keptMs === undefined || lockMs <= keptMs) return [];
    const message =
      `the object lock of '${bucket.name}' holds artifacts for ${renderPlanDuration(lockMs)}, ` +
      `longer than keep-within, ${renderPlanDuration(keptMs)}`;
    return [
      { message, hint: 'lengthen keep-within or shorten the lock', path: ['retention', 'keep-within'] },
    ];
  },
};
