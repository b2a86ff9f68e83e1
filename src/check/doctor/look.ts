import { Failure } from '../../base/failure.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { failed, type Finding, type Found } from './finding.ts';

/** One thing to look at; it may find more than one. */
export interface Look {
  readonly subject: string;
  readonly what: string;
  /** After this long it counts as not answering, milliseconds; 20 s unless said. */
  readonly limitMs?: number;
  /** May throw a `Failure`, which becomes a finding; that of a secret is told in full by the look at the secret. */
  take(signal: AbortSignal): Promise<readonly Found[]>;
}

/** A first answer takes less than this, also over a slow line. Milliseconds. */
const usualLimitMs = 20_000;

/**
 * Takes every look at the same time; what fails or does not answer is a finding, and no look waits for another. Findings
 * come in the order of the looks. @throws the reason of `cancel`, and bugs
 */
export async function takeLooks(looks: readonly Look[], cancel: AbortSignal): Promise<readonly Finding[]> {
  const taken = await Promise.all(
    looks.map(async (look) => {
      const found = await takeLook(look, cancel);
      return found.map((each) => ({ subject: look.subject, ...each }));
    }),
  );
  return taken.flat();
}

async function takeLook(look: Look, cancel: AbortSignal): Promise<readonly Found[]> {
  const { what, limitMs = usualLimitMs } = look;
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(new Error('out of time'));
  }, limitMs);
  const signal = AbortSignal.any([cancel, limit.signal]);
  try {
    // Not everything that is looked at hears of the signal: the race ends it all the same.
    return await Promise.race([look.take(signal), rejectedBy(signal)]);
  } catch (error) {
    cancel.throwIfAborted();
    if (limit.signal.aborted) {
      return [
        {
          what,
          state: 'fail',
          found: `no answer within ${renderDuration(limitMs)}`,
          hint: 'look at the network between this host and there, and at the load of the other side',
        },
      ];
    }
    if (!(error instanceof Failure)) throw error;
    const isAskedElsewhere = error.code === 'secret-unavailable' && !what.startsWith('secret ');
    if (isAskedElsewhere) return [{ what, state: 'fail', found: `not asked: ${error.message}` }];
    return [failed(what, error)];
  } finally {
    clearTimeout(timer);
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => {
      reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
