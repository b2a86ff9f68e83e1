import type { Failure } from '../base/failure.ts';

/** What is known of a run while its phases go by. */
export interface RunProgress {
  /** The first thing that went wrong. */
  error: unknown;
  hasFailed: boolean;
  /** Wall time of the phase `steps`, milliseconds. */
  stepsDurationMs: number;
  /** Of a run that went well: somebody could not be told of it. */
  alertFailure?: Failure;
}

/** Remembers the first thing that went wrong. */
export function note(progress: RunProgress, error: unknown): void {
  if (progress.hasFailed) return;
  progress.hasFailed = true;
  progress.error = error;
}
