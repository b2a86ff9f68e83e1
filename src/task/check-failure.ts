import { defined } from '../base/defined.ts';
import { Failure, type FailureCode } from '../base/failure.ts';
import type { CheckFact } from '../language/facts.ts';

export interface CheckFailureDetails {
  readonly code?: FailureCode;
  /** What else was found. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/**
 * The failure of a step whose checks did not all pass: it names every one that failed, with what was wanted and found,
 * and carries all of them as facts. Undefined when all passed. `what` was looked at.
 */
export function checkFailure(
  what: string,
  checks: readonly CheckFact[],
  hint?: string,
  { code = 'check-failed', facts }: CheckFailureDetails = {},
): Failure | undefined {
  const failed = checks.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return undefined;
  const count = checks.length === 1 ? 'the check' : `${failed.length} of ${checks.length} checks`;
  return new Failure(code, `${count} of ${what} failed: ${failed.map(describe).join('; ')}`, {
    ...defined({ hint }),
    facts: { ...facts, checks },
  });
}

function describe({ name, expected, found, message }: CheckFact): string {
  const held = [
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(found === undefined ? [] : [`found ${found}`]),
  ].join(', ');
  const why = message === undefined ? '' : held === '' ? message : ` (${message})`;
  return `${name}: ${held}${why}`;
}
