import type { RetentionPolicy } from '../plan.ts';
import { countedSpans } from '../retention-spans.ts';

/** The age that an artifact can reach under a policy, in milliseconds; months and years at their longest. */
export function greatestKeptAge(policy: RetentionPolicy): number {
  const ages = countedSpans(policy).map(({ count, longestMs }) => count * longestMs);
  return Math.max(policy.keepWithinMs ?? 0, ...ages);
}
