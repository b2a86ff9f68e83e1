import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { abortAfter, whileAllowed } from '../base/waiting.ts';
import { inWords } from './limits.ts';

/** What each ending may take, milliseconds. */
const endingMs = 10_000;
/** What one that does not listen to its signal gets on top, milliseconds. */
const graceMs = 2000;

/** What an attempt wants done when it ends. */
export interface Endings {
  readonly add: (what: string, action: () => Promise<void>) => void;
  /** The signal for commands of the ending that runs now; undefined before the first. */
  signal(): AbortSignal | undefined;
  /** Runs all, last registered first; one that fails is warned of. Never rejects. */
  run(): Promise<void>;
}

export function createEndings(clock: Clock, warn: (text: string) => void): Endings {
  const actions: { readonly what: string; readonly action: () => Promise<void> }[] = [];
  let current: AbortController | undefined;

  async function runOne(what: string, action: () => Promise<void>): Promise<void> {
    const controller = new AbortController();
    current = controller;
    const timer = abortAfter(clock, endingMs, controller, () => tooLong(what));
    try {
      await whileAllowed(clock, controller.signal, graceMs, Promise.resolve().then(action));
    } catch (error) {
      warn(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      timer.stop();
    }
  }

  return {
    add: (what, action) => {
      actions.push({ what, action });
    },
    signal: () => current?.signal,
    run: async () => {
      for (let next = actions.pop(); next !== undefined; next = actions.pop())
        await runOne(next.what, next.action);
      // From here on nothing may start any more.
      current = new AbortController();
      current.abort(new Failure('step-timeout', 'the attempt has ended'));
    },
  };
}

function tooLong(what: string): Failure {
  return new Failure('step-timeout', `did not end within ${inWords(endingMs)}`, { where: what });
}
