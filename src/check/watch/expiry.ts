import { renderDuration, renderPlanDuration } from '../../base/quantity/duration.ts';
import type { CheckFact } from '../../language/facts.ts';

/** When something that lets somebody in comes to its end. */
export interface Expiry {
  /** `certificate of db.internal:5432`. */
  readonly name: string;
  /** Null: it tells of no end. */
  readonly endsAt: Date | null;
  /** What was found, where there is no end to tell: `no TLS is spoken there`. */
  readonly remark?: string;
}

/** Times before the end, milliseconds. */
export interface ExpiryLimits {
  readonly warnMs: number;
  readonly failMs: number;
}

/** A verdict, and whether the end is near enough for a warning. */
export interface ExpiryVerdict {
  readonly check: CheckFact;
  readonly isNear: boolean;
}

/** Holds an end against now. Pure. */
export function judgeExpiry(
  { name, endsAt, remark }: Expiry,
  now: Date,
  limits: ExpiryLimits,
): ExpiryVerdict {
  const expected = `at least ${renderPlanDuration(limits.failMs)} left`;
  if (endsAt === null)
    return {
      check: { name, state: 'passed', expected, found: remark ?? 'it tells of no end' },
      isNear: false,
    };
  const leftMs = endsAt.getTime() - now.getTime();
  const left = leftMs < 0 ? `ended ${renderDuration(-leftMs)} ago` : `${renderDuration(leftMs)} left`;
  return {
    check: {
      name,
      state: leftMs < limits.failMs ? 'failed' : 'passed',
      expected,
      found: `${left}, until ${endsAt.toISOString()}`,
    },
    isNear: leftMs < limits.warnMs,
  };
}
