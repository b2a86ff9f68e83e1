import { setTimeout as delay } from 'node:timers/promises';

/** Time as everything here sees it, so that tests can hold it. Durations never come from the wall clock. */
export interface Clock {
  /** Wall time, for names, records and retention. */
  now(): Date;
  /** Milliseconds on a clock that never goes back, for durations and deadlines. */
  monotonicMs(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};
