import { defined } from '../../base/defined.ts';
import type { Failure } from '../../base/failure.ts';

/** How a thing that was looked at is: `fail` keeps plans from working, `warn` may do so one day. */
export type FindingState = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Finding {
  /** What it belongs to: `this host`, `environment prod`, `store https://…`, `bucket backups`. */
  readonly subject: string;
  /** A few words: `postgres`, `clock of the repository`. */
  readonly what: string;
  readonly state: FindingState;
  /** What was found, in words. */
  readonly found: string;
  /** What to do about it. */
  readonly hint?: string;
  /** `file:line:column`, where the YAML is at fault. */
  readonly where?: string;
}

/** A finding without the subject that it belongs to. */
export type Found = Omit<Finding, 'subject'>;

export function fine(what: string, found: string): Found {
  return { what, state: 'ok', found };
}

export function warning(what: string, found: string, hint: string): Found {
  return { what, state: 'warn', found, hint };
}

/** What a failure says, as a finding. */
export function failed(what: string, { message, hint, where }: Failure): Found {
  return {
    what,
    state: 'fail',
    found: message,
    ...defined({ hint }),
    // Other places stand in the message already.
    ...(where !== undefined && /:\d+:\d+$/.test(where) && { where }),
  };
}
