import type { Clock } from '../../base/clock.ts';
import { abortAfter, whileAllowed } from '../../base/waiting.ts';
import { Failure } from '../../base/failure.ts';
import type { ProcessGroups } from '../../process/process-groups.ts';
import { renderPlanDuration } from '../../base/quantity/duration.ts';
import type { Secrets } from '../../language/secret-reference.ts';

/** What sending takes from outside. */
export interface Surroundings {
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly redact: (text: string) => string;
  readonly hostName: string;
  /** What programs inherit. */
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  readonly groups: ProcessGroups;
}

/** What one attempt came to. */
export type Attempt =
  | { readonly ok: true; /** How the receiver took it. */ readonly text: string }
  | {
      readonly ok: false;
      readonly text: string;
      /** Another attempt may succeed. */
      readonly mayPass: boolean;
      /** The receiver asked to be left alone for so long, milliseconds. */
      readonly askedMs?: number;
    };

/** What a message came to, after every attempt. */
export interface Sent {
  readonly ok: boolean;
  readonly attempts: number;
  readonly durationMs: number;
  readonly text: string;
}

const mostAttempts = 5;
const firstPauseMs = 1000;

/**
 * Attempts until it is taken, refused for good, tried five times, or the limit is over. Between attempts it waits as
 * long as the receiver asks for, otherwise 1, 2, 4, 8 seconds. Never rejects.
 */
export async function sendWithin(
  limitMs: number,
  { clock, redact }: Pick<Surroundings, 'clock' | 'redact'>,
  signal: AbortSignal,
  attempt: (signal: AbortSignal) => Promise<Attempt>,
): Promise<Sent> {
  const startedMs = clock.monotonicMs();
  const leftMs = (): number => startedMs + limitMs - clock.monotonicMs();
  const own = new AbortController();
  const timer = abortAfter(
    clock,
    limitMs,
    own,
    () => new Error(`not taken within ${renderPlanDuration(limitMs)}`),
  );
  const either = AbortSignal.any([signal, own.signal]);
  let attempts = 0;
  let said = '';
  const end = (ok: boolean, text: string): Sent => ({
    ok,
    attempts,
    durationMs: Math.round(clock.monotonicMs() - startedMs),
    text: redact(text),
  });
  try {
    for (;;) {
      either.throwIfAborted();
      attempts += 1;
      const result = await whileAllowed(clock, either, 0, attempt(either));
      if (result.ok) return end(true, result.text);
      said = result.text;
      const pauseMs = result.askedMs ?? firstPauseMs * 2 ** (attempts - 1);
      if (!result.mayPass || attempts === mostAttempts) return end(false, said);
      if (pauseMs >= leftMs())
        return end(
          false,
          result.askedMs === undefined
            ? said
            : `${said}, asked to wait ${String(Math.ceil(pauseMs / 1000))} s, longer than the limit`,
        );
      await clock.sleep(pauseMs, either);
    }
  } catch (error) {
    const why = either.aborted ? messageOf(either.reason) : messageOf(error);
    return end(false, said === '' || !either.aborted ? why : `${why}; before: ${said}`);
  } finally {
    timer.stop();
  }
}

function messageOf(error: unknown): string {
  if (error instanceof Failure)
    return error.where === undefined ? error.message : `${error.message} (${error.where})`;
  return error instanceof Error ? error.message : String(error);
}
