import type { FailureDescription } from '../../base/failure.ts';
import type { ExitCode } from '../../base/exit-code.ts';
import type { Phase } from '../../language/plan/plan.ts';

export type Outcome = 'succeeded' | 'failed' | 'skipped' | 'cancelled';

/**
 * Everything that happens in a run, as it happens: one closed union. Console, journal and record only consume it.
 * `at` is ISO 8601 in UTC; durations are milliseconds on a monotonic clock; sizes are bytes.
 */
export type RunEvent =
  | RunStarted
  | {
      readonly type: 'run-interrupted-found';
      readonly at: string;
      readonly runId: string;
      readonly lastEventAt: string;
      readonly step?: string;
    }
  | StepStarted
  | StepProgress
  | { readonly type: 'step-phase'; readonly at: string; readonly step: string; readonly text: string }
  | {
      readonly type: 'step-output';
      readonly at: string;
      readonly step: string;
      readonly stream: 'stdout' | 'stderr';
      readonly line: string;
    }
  | {
      readonly type: 'step-note';
      readonly at: string;
      readonly step: string;
      readonly level: 'note' | 'warning';
      readonly text: string;
    }
  | StepRetried
  | StepFinished
  | { readonly type: 'run-warning'; readonly at: string; readonly text: string }
  | { readonly type: 'run-cancelled'; readonly at: string; readonly reason: FailureDescription }
  | AlertTold
  | RunFinished;

export interface RunStarted {
  readonly type: 'run-started';
  readonly at: string;
  readonly runId: string;
  readonly plan: string;
  readonly planHash: string;
  readonly environment: string;
  readonly host: string;
  readonly pid: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly steps: readonly {
    readonly id: string;
    readonly name: string;
    readonly phase: Phase;
    readonly action: string;
  }[];
}

export interface StepStarted {
  readonly type: 'step-started';
  readonly at: string;
  readonly step: string;
  readonly attempt: number;
}

/** Throttled to a few a second; not written to the record. */
export interface StepProgress {
  readonly type: 'step-progress';
  readonly at: string;
  readonly step: string;
  readonly bytes: number;
  readonly totalBytes?: number;
  readonly elapsedMs: number;
}

export interface StepRetried {
  readonly type: 'step-retried';
  readonly at: string;
  readonly step: string;
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: FailureDescription;
}

export interface StepFinished {
  readonly type: 'step-finished';
  readonly at: string;
  readonly step: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly attempts: number;
  readonly error?: FailureDescription;
  /** Why it was skipped or cancelled. */
  readonly reason?: string;
  readonly bytes?: number;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** One message to one channel, after all its attempts. */
export interface AlertTold {
  readonly type: 'alert-told';
  readonly at: string;
  /** For people: `prod webhook`. */
  readonly channel: string;
  /** What was told: `failed`, `recovered`, `success`. */
  readonly event: string;
  /** `folded`: the same was told not long ago. */
  readonly outcome: 'delivered' | 'undelivered' | 'folded';
  readonly attempts: number;
  readonly durationMs: number;
  /** How the receiver took it, why it did not, or until when it is folded. */
  readonly text: string;
}

export interface RunFinished {
  readonly type: 'run-finished';
  readonly at: string;
  readonly outcome: Exclude<Outcome, 'skipped'>;
  readonly exitCode: ExitCode;
  readonly durationMs: number;
  /** Wall time of the `steps` phase: what RTO is held against. */
  readonly stepsDurationMs: number;
  readonly error?: FailureDescription;
  /** Id of the step whose failure that is. */
  readonly failedStep?: string;
  /** The run was killed and could not say this itself: a later run found its journal and closed it. */
  readonly foundInterrupted?: true;
}

/** A consumer of events. `handle` must not throw and must not wait; `close` may. */
export interface EventSink {
  handle(event: RunEvent): void;
  close(): Promise<void>;
}
