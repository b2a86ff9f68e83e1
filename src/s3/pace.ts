import type { Clock } from '../base/clock.ts';
import { backoffMs } from '../base/waiting.ts';
import { chanceOf, isTooMuch } from './failure.ts';

/** Delays after which a request that the store found too much is sent again: doubled each time. */
const delays = { firstMs: 500, longestMs: 30_000 };
/** A store that asks to be left alone for longer is asked again all the same. Milliseconds. */
const longestAskedMs = 10 * 60_000;
/** In a row, without any request getting through between: about four minutes. */
const mostRefusals = 12;
/** Requests that must get through before one more is sent at a time. */
const successesPerStep = 50;

export interface PaceOptions {
  readonly clock: Clock;
  /** Requests at a time, at most. */
  readonly most: number;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
  /** Told when the store asks for less: requests at a time from now on. */
  readonly onSlowDown: (atATime: number) => void;
}

/** How fast all requests together may go. */
export interface Pace {
  /** Does something, waits and does it again when the store asks for less. */
  keep<Result>(work: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result>;
}

/**
 * A pace that halves when the store says that it is too much, with everybody waiting, and comes back one by one. Each
 * request's own patience would repeat them too, but each on its own, and gives up when many are refused at once.
 */
export function createPace({ clock, most, random, onSlowDown }: PaceOptions): Pace {
  let allowed = most;
  let running = 0;
  let refusals = 0;
  let successes = 0;
  let quietUntilMs = 0;
  const waiting: (() => void)[] = [];

  async function enter(signal: AbortSignal | undefined): Promise<void> {
    while (running >= allowed) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      for (let left = quietUntilMs - clock.monotonicMs(); left > 0; left = quietUntilMs - clock.monotonicMs())
        await clock.sleep(left, signal);
    } catch (error) {
      leave();
      throw error;
    }
  }

  function leave(): void {
    running -= 1;
    for (let free = allowed - running; free > 0; free -= 1) waiting.shift()?.();
  }

  /** Everybody is quiet for as long as the store asks, whichever of the refused requests it told. */
  function slowDown(askedMs: number): void {
    const nowMs = clock.monotonicMs();
    const isKnown = nowMs < quietUntilMs;
    successes = 0;
    quietUntilMs = Math.max(quietUntilMs, nowMs + Math.min(askedMs, longestAskedMs));
    // Requests that were under way together are refused together: one of them halves the pace.
    if (isKnown) return;
    refusals += 1;
    allowed = Math.max(1, Math.floor(allowed / 2));
    quietUntilMs = Math.max(quietUntilMs, nowMs + backoffMs(refusals, delays, random));
    onSlowDown(allowed);
  }

  function getThrough(): void {
    refusals = 0;
    successes += 1;
    if (successes % successesPerStep === 0 && allowed < most) allowed += 1;
  }

  async function once<Result>(work: () => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    await enter(signal);
    try {
      const result = await work();
      getThrough();
      return result;
    } finally {
      leave();
    }
  }

  return {
    keep: async (work, signal) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await once(work, signal);
        } catch (error) {
          signal?.throwIfAborted();
          if (!isTooMuch(error) || tries === mostRefusals) throw error;
          slowDown(chanceOf(error, clock.now()).afterMs);
        }
      }
    },
  };
}
