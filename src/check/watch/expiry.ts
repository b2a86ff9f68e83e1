import { renderDuration, renderPlanDuration } from '../../base/quantity/duration.ts';
import type { Check } from '../check.ts';

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

/** Holds an end against now. Pure. */
export function judgeExpiry({ name, endsAt, remark }: Expiry, now: Date, limits: ExpiryLimits): Check {
  const about = { what: name, expected: `at least ${renderPlanDuration(limits.failMs)} left` };
  if (endsAt === null) return { ...about, state: 'ok', found: remark ?? 'it tells of no end' };
  const leftMs = endsAt.getTime() - now.getTime();
  const left = leftMs < 0 ? `ended ${renderDuration(-leftMs)} ago` : `${renderDuration(leftMs)} left`;
  return {
    ...about,
    state: leftMs < limits.failMs ? 'fail' : leftMs < limits.warnMs ? 'warn' : 'ok',
    found: `${left}, until ${endsAt.toISOString()}`,
  };
}
