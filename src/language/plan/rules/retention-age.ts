import type { RetentionPolicy } from '../plan.ts';

const dayMs = 86_400_000;

/** The age that an artifact can reach under a policy, in milliseconds; months and years at their longest. */
export function greatestKeptAge(policy: RetentionPolicy): number {
  return Math.max(
    policy.keepWithinMs ?? 0,
    (policy.keepDaily ?? 0) * dayMs,
    (policy.keepWeekly ?? 0) * 7 * dayMs,
    (policy.keepMonthly ?? 0) * 31 * dayMs,
    (policy.keepYearly ?? 0) * 366 * dayMs,
  );
}
