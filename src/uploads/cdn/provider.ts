import type { Clock } from '../../base/clock.ts';
import type { Scope, ScopeLimits } from './scope.ts';
import type { PathEncoding } from './url-path.ts';

/** A service that holds copies and can be told to drop them. */
export interface Provider {
  /** For people: `CloudFront E123`. */
  readonly name: string;
  readonly usualAtMostPaths: number;
  readonly mostPrefixes: ScopeLimits['mostPrefixes'];
  readonly encode: PathEncoding;
  /** It goes by whole addresses, so that a base is needed. */
  readonly needsBase: boolean;
  /**
   * Invalidates, and waits where the provider tells of completion. What was done is counted as it happens.
   * @throws Failure `invalidation-failed`, `plan-invalid`
   */
  invalidate(scope: Scope, work: InvalidationWork): Promise<void>;
}

/** One invalidation under way. */
export interface InvalidationWork {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of `clock.monotonicMs()`: nothing is waited for beyond it. */
  readonly deadlineMs: number;
  /** `https://host` of the base; undefined where none was said. */
  readonly origin: string | undefined;
  readonly done: InvalidationDone;
  readonly onPhase: (text: string) => void;
}

export interface InvalidationDone {
  /** Requests that the provider has accepted. */
  requests: number;
  /** Ids that the provider gave, where it gives any. */
  readonly ids: string[];
}
