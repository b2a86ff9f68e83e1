import { runInNewContext } from 'node:vm';

/** What an operator's expression may take over a body of 1 MiB, milliseconds. */
const expressionLimitMs = 5000;

/**
 * Runs an operator's expression, which nothing else in this process could end: a regular expression that tries all
 * ways holds up timers and signals too. Undefined when it takes longer than five seconds.
 */
export function withinTimeLimit<Result>(
  work: () => Result,
  limitMs = expressionLimitMs,
): { readonly result: Result } | undefined {
  let ended: { readonly result: Result } | undefined;
  try {
    runInNewContext('work()', { work: () => void (ended = { result: work() }) }, { timeout: limitMs });
  } catch (error) {
    // The error may be of the other context, whose Error is not this one's.
    const isOverdue =
      typeof error === 'object' &&
      error !== null &&
      'code' in error &&
      error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    if (!isOverdue) throw error;
    return undefined;
  }
  return ended;
}
