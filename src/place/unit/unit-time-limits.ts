import type { Plan, Step } from '../../language/plan/plan.ts';

/**
 * What a run may need after its deadline besides its own cleanup steps, milliseconds: to cancel (10 s), to keep evidence
 * (60 s), to tell people (90 s), to store its record (60 s).
 */
const endingMs = 4 * 60_000;
/** Cleanup steps without a timeout of their own get this long, milliseconds: a host that shuts down waits for them. */
const cleanupStepMs = 5 * 60_000;

/** How long systemd waits for a plan's run, milliseconds. */
export interface UnitTimeLimits {
  /** Until it asks the run to end: later than the run would by itself. */
  readonly startMs: number;
  /** From then on until it kills what is left. */
  readonly stopMs: number;
}

/** systemd's limits are the second net: the plan's own deadline comes first, and its cleanup has the time it needs. */
export function timeLimitsOf({ timeoutMs, steps }: Plan): UnitTimeLimits {
  const cleanupMs = steps
    .filter(({ phase }) => phase === 'cleanup')
    .reduce((sum, step) => sum + longestMs(step), 0);
  const stopMs = endingMs + cleanupMs;
  return { startMs: timeoutMs + stopMs, stopMs };
}

function longestMs({ timeoutMs = cleanupStepMs }: Step): number {
  return timeoutMs;
}
