import { defined } from '../base/defined.ts';
import type { Failure } from '../base/failure.ts';
import type { CheckFact } from '../language/facts.ts';
import type { Reporter } from '../task/contract.ts';

/** How a thing that was looked at is: `fail` keeps plans from working, `warn` may do so one day. */
export type CheckState = 'ok' | 'warn' | 'fail';

/** One thing that was looked at, now (`run-plan doctor`) or by schedule (the tasks of a watch). */
export interface Check {
  /** A few words: `postgres`, `space of the state folder`. */
  readonly what: string;
  readonly state: CheckState;
  /** What is wanted, in words, where `found` does not say it. */
  readonly expected?: string;
  /** What was found, in words. */
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string;
  /** `file:line:column`, where the YAML is at fault. */
  readonly where?: string;
}

export function fine(what: string, found: string): Check {
  return { what, state: 'ok', found };
}

export function warning(what: string, found: string, hint: string): Check {
  return { what, state: 'warn', found, hint };
}

/** What a failure says, as a check. */
export function failed(what: string, { message, hint, where }: Failure): Check {
  return {
    what,
    state: 'fail',
    found: message,
    ...defined({ hint }),
    // Other places stand in the message already.
    ...(where !== undefined && /:\d+:\d+$/.test(where) && { where }),
  };
}

/** A check of a doctor, and what it belongs to: `this host`, `environment prod`, `store https://…`, `bucket backups`. */
export interface Finding extends Omit<Check, 'expected'> {
  readonly subject: string;
}

export function findingOf(subject: string, { expected: _, ...check }: Check): Finding {
  return { subject, ...check };
}

/** A check as a run's record has it. What could not be looked at has found nothing, and says why. */
export function factOf({ what, state, expected, found }: Check): CheckFact {
  const outcome = { name: what, state: state === 'fail' ? 'failed' : 'passed' } as const;
  if (expected === undefined && state === 'fail') return { ...outcome, message: found };
  return { ...outcome, ...defined({ expected }), found };
}

/** Checks as a run's record has them; what may fail one day is told as a warning. */
export function tellChecks(report: Pick<Reporter, 'warn'>, checks: readonly Check[]): readonly CheckFact[] {
  for (const { what, state, found } of checks) if (state === 'warn') report.warn(`${what}: ${found}`);
  return checks.map(factOf);
}
