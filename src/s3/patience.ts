import type { Clock } from '../base/clock.ts';
import { backoffMs } from '../base/waiting.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import { chanceOf, reasonOf } from './failure.ts';

/** A wait for the store, as the record tells it. */
export interface WaitNotice {
  /** `waited 1m 52s for the store s3://…: the connection is refused (14 tries)` */
  readonly text: string;
  /** The store answered again; otherwise it is still waited for, and this is a sign of life. */
  readonly isOver: boolean;
}

export type OnWait = (notice: WaitNotice) => void;

/** How long a store that is away, or asks for less, is waited for. */
export interface Patience {
  readonly forMs: number;
  readonly clock: Clock;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
  readonly onWait: OnWait | undefined;
}

const delays = { firstMs: 200, longestMs: 5_000 };
/** Shorter waits are nobody's business. */
const noticedMs = 2_000;

/** The waits of one request, or of one download. */
export interface Waits {
  /** Waits after a try that failed. @throws the error when another try is of no use or the patience is at its end; the signal's reason */
  after(error: unknown, signal: AbortSignal | undefined): Promise<void>;
  /** The store has answered. */
  over(): void;
  /** `, also after 14 tries in 1m 52s`; empty when nothing was tried again. */
  told(): string;
}

/** Waits by the one backoff, capped, and never less than the store itself asks for. `store` is for people. */
export function createWaits({ forMs, clock, random, onWait }: Patience, store: string): Waits {
  let sinceMs: number | undefined;
  let tries = 0;
  let reason = '';
  const waitedMs = (): number => (sinceMs === undefined ? 0 : clock.monotonicMs() - sinceMs);
  const tell = (verb: string, isOver: boolean): void => {
    if (waitedMs() < noticedMs) return;
    const time = renderDuration(waitedMs());
    onWait?.({ text: `${verb} ${time} for the store ${store}: ${reason} (${tries} tries)`, isOver });
  };
  return {
    after: async (error, signal) => {
      tries += 1;
      sinceMs ??= clock.monotonicMs();
      const { mostTries, afterMs } = chanceOf(error, clock.now());
      if (tries >= mostTries || waitedMs() + afterMs >= forMs) throw error;
      reason = reasonOf(error);
      tell('waiting', false);
      await clock.sleep(Math.max(backoffMs(tries, delays, random), afterMs), signal);
    },
    over: () => {
      if (sinceMs !== undefined) tell('waited', true);
      sinceMs = undefined;
      tries = 0;
    },
    told: () => (tries > 1 ? `, also after ${tries} tries in ${renderDuration(waitedMs())}` : ''),
  };
}
