import { backoffMs } from '../base/waiting.ts';
import { Failure, type FailureCode } from '../base/failure.ts';
import type { RetryPolicy } from '../language/plan/plan.ts';

/** The longest delay between two attempts, milliseconds. */
const longestDelayMs = 10 * 60_000;

/** Failures that would be the same the next time. */
const lasting: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'usage',
  'plan-invalid',
  'variable-missing',
  'tool-missing',
  'environment-incomplete',
  'not-confirmed',
  'locked',
  'lock-lost',
  'key-exists',
  'postgres-version',
  'postgres-login',
  'postgres-permission',
  'step-timeout',
  'run-timeout',
  'interrupted',
  'terminated',
]);

/** Whether another attempt could end otherwise. A bug could not, and would hide. */
export function isWorthRetrying(error: unknown): boolean {
  return error instanceof Failure && !lasting.has(error.code);
}

/**
 * Milliseconds to wait after a failed attempt (counted from 1), or undefined when it was the last. Exponential delays
 * double and are cut by up to half at random (`random` gives 0 ≤ n < 1), so that runs do not return in step.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: () => number): number | undefined {
  if (attempt > policy.times) return undefined;
  if (policy.backoff === 'constant') return policy.delayMs;
  return backoffMs(attempt, { firstMs: policy.delayMs, longestMs: longestDelayMs }, random);
}
