import type { Failure } from '../base/failure.ts';

/** What is known of a run while its phases go by. */
export interface RunProgress {
  /** The first thing that went wrong. */
  error: unknown;
  /** Id of the step that it went wrong in, where it was in one. */
  failedStep?: string;
  hasFailed: boolean;
  /** Wall time of the phase `steps`, milliseconds. */
  stepsDurationMs: number;
  /** Of a run that went well: somebody could not be told of it. */
  alertFailure?: Failure;
}

/** Remembers the first thing that went wrong. */
export function note(progress: RunProgress, error: unknown, step?: string): void {
  if (progress.hasFailed) return;
  progress.hasFailed = true;
  progress.error = error;
  if (step !== undefined) progress.failedStep = step;
}
