/**
 * Waiting: one pool, one limit, one backoff. What is begun here is over when it returns, or has outlasted the grace that
 * its caller named after it was told to stop.
 */
import type { Clock } from './clock.ts';

/** The longest that a timer of Node can hold, milliseconds (24.8 days); a longer one would fire at once. */
const longestSleepMs = 2 ** 31 - 1;

export interface PoolOptions {
  /** Items worked on at the same time. */
  readonly atOnce: number;
  readonly signal?: AbortSignal | undefined;
}

/** Things to work on, or what gives them while the pool's signal has not aborted. */
export type Items<Item> = Sequence<Item> | ((signal: AbortSignal) => Sequence<Item>);
type Sequence<Item> = AsyncIterable<Item> | Iterable<Item>;

/**
 * Does something with each item, some at once, and takes the next only when one is done: memory holds no more. The first
 * failure aborts the signal that the others work under, no further item is taken, and it is thrown once all are over.
 * An abort of the caller's signal is thrown as its reason.
 */
export async function forEachOf<Item>(
  items: Items<Item>,
  { atOnce, signal }: PoolOptions,
  action: (item: Item, signal: AbortSignal, index: number) => Promise<void>,
): Promise<void> {
  const own = new AbortController();
  const either = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
  const all = typeof items === 'function' ? items(either) : items;
  const iterator = Symbol.asyncIterator in all ? all[Symbol.asyncIterator]() : all[Symbol.iterator]();
  let taken = 0;
  const lane = async (): Promise<void> => {
    try {
      while (!either.aborted) {
        const next = await iterator.next();
        if (next.done === true) return;
        either.throwIfAborted();
        await action(next.value, either, taken++);
      }
    } catch (error) {
      own.abort(error);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  await iterator.return?.();
  either.throwIfAborted();
}

/** As `forEachOf`, with what each item came to, in the items' order. */
export async function mapOf<Item, Result>(
  items: Items<Item>,
  options: PoolOptions,
  action: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  await forEachOf(items, options, async (item, signal, index) => {
    results[index] = await action(item, signal);
  });
  return results;
}

/**
 * Does two things at once. The first that fails aborts the signal of both; both are over when this returns, and the
 * failure that came first is thrown.
 */
export async function together<First, Second>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<First>,
  second: (signal: AbortSignal) => Promise<Second>,
): Promise<readonly [First, Second]> {
  const results = await mapOf<(signal: AbortSignal) => Promise<First | Second>, First | Second>(
    [first, second],
    { atOnce: 2, signal },
    (action, either) => action(either),
  );
  return [results[0] as First, results[1] as Second];
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
  const overdue = aborted(signal, finished.signal).then(() =>
    graceMs > 0 ? clock.sleep(graceMs, finished.signal) : undefined,
  );
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

export interface Limit {
  readonly clock: Clock;
  /** Milliseconds; none when absent. */
  readonly limitMs?: number | undefined;
  /** What the action is told and the caller gets when the limit is over. */
  readonly over: () => Error;
  readonly signal?: AbortSignal | undefined;
  /** What the action may take to end once it was told to, milliseconds; 0 unless said: it is left behind. */
  readonly graceMs?: number;
}

/** Does something within a limit: its signal aborts when that is over, or with the caller's. */
export async function withLimit<T>(
  { clock, limitMs, over, signal, graceMs = 0 }: Limit,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const either = signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]);
  either.throwIfAborted();
  const timer = limitMs === undefined ? undefined : abortAfter(clock, limitMs, own, over);
  try {
    return await whileAllowed(clock, either, graceMs, action(either));
  } finally {
    timer?.stop();
  }
}

/** Something that stops by being disposed of. */
export interface Timer {
  stop(): void;
}

/** Aborts `controller` with a failure after `ms` unless stopped before. */
export function abortAfter(
  clock: Clock,
  ms: number,
  controller: AbortController,
  failure: () => Error,
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
  failure: () => Error,
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

export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * Milliseconds to wait after a failed attempt, counted from 1: the first, doubled each time up to the longest, and cut by
 * up to half at random (`random` gives 0 ≤ n < 1), so that those who failed together do not return together.
 */
export function backoffMs(
  attempt: number,
  { firstMs, longestMs }: Backoff,
  random: () => number = Math.random,
): number {
  const doubled = Math.min(firstMs * 2 ** Math.min(attempt - 1, 30), longestMs);
  return Math.round(doubled * (1 - random() / 2));
}

/** Resolves when the signal aborts; never when `finished` does before. */
function aborted(signal: AbortSignal, finished: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true, signal: finished },
      );
  });
}
