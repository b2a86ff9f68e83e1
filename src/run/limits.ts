import type { Clock } from '../base/clock.ts';
import type { Failure } from '../base/failure.ts';
import { renderDuration, renderPlanDuration } from '../base/quantity/duration.ts';

/** The longest that a timer of Node can hold, milliseconds (24.8 days); a longer one would fire at once. */
const longestSleepMs = 2 ** 31 - 1;

/** Something that stops by being disposed of. */
export interface Timer {
  stop(): void;
}

/** Aborts `controller` with a failure after `ms` unless stopped before. */
export function abortAfter(
  clock: Clock,
  ms: number,
  controller: AbortController,
  failure: () => Failure,
): Timer {
  const stopped = new AbortController();
  clock.sleep(Math.min(ms, longestSleepMs), stopped.signal).then(
    () => {
      controller.abort(failure());
    },
    () => undefined,
  );
  return {
    stop: () => {
      stopped.abort();
    },
  };
}

export interface StallWatch extends Timer {
  /** Something moved. */
  readonly live: () => void;
}

/** Aborts `controller` once nothing has been alive for `ms`. */
export function abortOnStall(
  clock: Clock,
  ms: number,
  controller: AbortController,
  failure: () => Failure,
): StallWatch {
  const stopped = new AbortController();
  let lastLife = clock.monotonicMs();
  const watch = async (): Promise<void> => {
    for (;;) {
      const restMs = lastLife + ms - clock.monotonicMs();
      if (restMs <= 0) {
        controller.abort(failure());
        return;
      }
      await clock.sleep(Math.min(restMs, longestSleepMs), stopped.signal);
    }
  };
  watch().catch(() => undefined);
  return {
    live: () => {
      lastLife = clock.monotonicMs();
    },
    stop: () => {
      stopped.abort();
    },
  };
}

/**
 * Waits for `work`, and after an abort only `graceMs` longer: what does not listen to its signal is left behind.
 * Rejects with the signal's reason whenever it has aborted, also when `work` came to an end after that.
 */
export async function whileAllowed<T>(
  clock: Clock,
  signal: AbortSignal,
  graceMs: number,
  work: Promise<T>,
): Promise<T> {
  const finished = new AbortController();
  const overdue = aborted(signal).then(() => clock.sleep(graceMs, finished.signal));
  // Whichever comes second must not be an unhandled rejection.
  overdue.catch(() => undefined);
  work.catch(() => undefined);
  try {
    const value = await Promise.race([work, overdue]);
    signal.throwIfAborted();
    return value as T;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    finished.abort();
  }
}

/** Waits for what should be quick and may not hold the end of a run: it is left behind after `ms`. Never rejects. */
export async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const finished = new AbortController();
  const limit = clock.sleep(ms, finished.signal).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), limit]);
  finished.abort();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}

/** A limit as its plan spells it: `2h`, `90s`. */
export function inWords(ms: number): string {
  return ms % 1000 === 0 ? renderPlanDuration(ms) : renderDuration(ms);
}
