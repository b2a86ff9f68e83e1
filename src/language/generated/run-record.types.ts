// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * What one run did: its events, folded. Stored in the repository as runs/<plan>/<runId>.json.
 */
export interface RunRecord {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * The run's id: plan, start in UTC, four hex digits.
   */
  runId: string;
  /**
   * Name of the plan.
   */
  plan: string;
  /**
   * sha256 of the plan's file, hex.
   */
  planHash: string;
  /**
   * The plan's environment.
   */
  environment: string;
  /**
   * Host that ran it.
   */
  host: string;
  /**
   * Process that ran it.
   */
  pid: number;
  /**
   * Of run-plan, Node and others.
   */
  versions: {
    /**
     * A version.
     */
    [k: string]: string | undefined;
  };
  /**
   * The plan's parameters, as they were set.
   */
  parameters: {
    /**
     * A value.
     */
    [k: string]: string | undefined;
  };
  /**
   * false: the run ended without saying so (killed, power lost), and this is what it had told until then.
   */
  complete: boolean;
  /**
   * How the run ended; an incomplete one counts as cancelled.
   */
  outcome: 'succeeded' | 'failed' | 'cancelled';
  /**
   * The process' exit code; null for an incomplete run.
   */
  exitCode: number | null;
  /**
   * ISO 8601, UTC.
   */
  startedAt: string;
  /**
   * ISO 8601, UTC; of an incomplete run the time of its last event.
   */
  finishedAt: string;
  /**
   * Whole run, milliseconds on a monotonic clock; of an incomplete run by the events' times.
   */
  durationMs: number;
  /**
   * Id of the step whose failure the run's error is; absent where it is of no step, and in older records.
   */
  failedStep?: string;
  /**
   * The phase steps alone: the recovery time of a drill. 0 when it was not reached.
   */
  stepsDurationMs: number;
  /**
   * Sum of the steps' bytes.
   */
  bytes: number;
  error?: RecordedFailure;
  /**
   * What an operator should act on, about the run as a whole.
   *
   * Items: One warning.
   */
  warnings: string[];
  /**
   * Earlier runs that this one found interrupted.
   *
   * Items: A run id.
   */
  interruptedRuns: string[];
  /**
   * Every step in order.
   */
  steps: RecordedStep[];
  /**
   * Who was told of the run, in the order of the endings; absent when nobody was to be told.
   */
  alerts?: RecordedAlert[];
}
/**
 * What went wrong.
 */
export interface RecordedFailure {
  /**
   * Stable word of the catalogue, `bug`, or `interrupted`.
   */
  code: string;
  /**
   * What happened.
   */
  message: string;
  /**
   * What to do about it.
   */
  hint?: string;
  /**
   * Place in a file, a key, a table.
   */
  where?: string;
}
/**
 * One step's part of the run.
 */
export interface RecordedStep {
  /**
   * Its id in the plan.
   */
  id: string;
  /**
   * Its name for people.
   */
  name: string;
  /**
   * Its part of the plan.
   */
  phase: 'prepare' | 'steps' | 'cleanup';
  /**
   * The task's name, or run.
   */
  action: string;
  /**
   * How it ended. A step that an interrupted run was in is cancelled.
   */
  outcome: 'succeeded' | 'failed' | 'skipped' | 'cancelled';
  /**
   * Why it was skipped or cancelled.
   */
  reason?: string;
  /**
   * ISO 8601, UTC; null when it did not start.
   */
  startedAt: string | null;
  /**
   * Every attempt and the delays between, milliseconds on a monotonic clock.
   */
  durationMs: number;
  /**
   * How often it was tried.
   */
  attempts: number;
  /**
   * Bytes that it moved; null when it said nothing of bytes.
   */
  bytes: number | null;
  /**
   * Bytes by duration, 1 MB = 1,000,000 bytes; null without bytes.
   */
  megabytesPerSecond: number | null;
  error?: RecordedFailure;
  /**
   * What later steps could use.
   */
  outputs?: {
    /**
     * A value.
     */
    [k: string]: string | undefined;
  };
  /**
   * The task's evidence: whatever it found worth keeping.
   */
  facts?: {
    [k: string]: unknown | undefined;
  };
  /**
   * What the task said, in order; of more than 200 the last.
   *
   * Items: One note.
   */
  notes: {
    /**
     * Whether an operator should act on it.
     */
    level: 'note' | 'warning';
    /**
     * The note.
     */
    text: string;
  }[];
  /**
   * Attempts that failed and were repeated.
   *
   * Items: One failed attempt.
   */
  retries: {
    /**
     * Its number, from 1.
     */
    attempt: number;
    /**
     * Wait before the next, milliseconds.
     */
    delayMs: number;
    error: RecordedFailure;
  }[];
  /**
   * The last 200 lines of its script.
   *
   * Items: One line.
   */
  output: {
    /**
     * Where it was written.
     */
    stream: 'stdout' | 'stderr';
    /**
     * The line.
     */
    line: string;
  }[];
}
/**
 * One message or ping to one channel.
 */
export interface RecordedAlert {
  /**
   * Environment and kind; numbered where there are several.
   */
  channel: string;
  /**
   * What was told.
   */
  event: string;
  /**
   * folded: the same was told not long ago, and is told again later, with a count.
   */
  outcome: 'delivered' | 'undelivered' | 'folded';
  /**
   * How often it was tried.
   */
  attempts: number;
  /**
   * All attempts, milliseconds.
   */
  durationMs: number;
  /**
   * How the receiver took it, why it did not, or since when it is folded.
   */
  text: string;
}
