import type { Clock } from '../../base/clock.ts';
import { withLimit } from '../../base/waiting.ts';
import { Failure } from '../../base/failure.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { failed, findingOf, type Check, type Finding } from '../check.ts';

/** One thing to look at; it may find more than one. */
export interface Look {
  readonly subject: string;
  readonly what: string;
  /** After this long it counts as not answering, milliseconds; 20 s unless said. */
  readonly limitMs?: number;
  /** May throw a `Failure`, which becomes a finding; that of a secret is told in full by the look at the secret. */
  readonly take: (signal: AbortSignal) => Promise<readonly Check[]>;
}

/** A first answer takes less than this, also over a slow line. Milliseconds. */
const usualLimitMs = 20_000;

/**
 * Takes every look at the same time; what fails or does not answer is a finding, and no look waits for another. Findings
 * come in the order of the looks. @throws the reason of `cancel`, and bugs
 */
export async function takeLooks(
  looks: readonly Look[],
  clock: Clock,
  cancel: AbortSignal,
): Promise<readonly Finding[]> {
  const taken = await Promise.all(
    looks.map(async (look) => {
      const found = await takeLook(look, clock, cancel);
      return found.map((each) => findingOf(look.subject, each));
    }),
  );
  return taken.flat();
}

async function takeLook(look: Look, clock: Clock, cancel: AbortSignal): Promise<readonly Check[]> {
  const { what, limitMs = usualLimitMs } = look;
  const silence = new Error(`no answer within ${renderDuration(limitMs)}`);
  try {
    return await withLimit({ clock, limitMs, over: () => silence, signal: cancel }, look.take);
  } catch (error) {
    cancel.throwIfAborted();
    if (error === silence) {
      return [
        {
          what,
          state: 'fail',
          found: silence.message,
          hint: 'look at the network between this host and there, and at the load of the other side',
        },
      ];
    }
    if (!(error instanceof Failure)) throw error;
    const isAskedElsewhere = error.code === 'secret-unavailable' && !what.startsWith('secret ');
    if (isAskedElsewhere) return [{ what, state: 'fail', found: `not asked: ${error.message}` }];
    return [failed(what, error)];
  }
}
