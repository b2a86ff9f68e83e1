import { Failure } from '../base/failure.ts';
import type { CommandHost } from './command-host.ts';
import type { CommandOptions } from './commands.ts';
import type { ExitStatus, StartedGroup } from './started-group.ts';

/**
 * Waits for a group's end and kills it when the attempt is aborted or the command's own limit is over; then waits
 * for `outputs` too. Throws the abort's reason, or a Failure.
 */
export async function finish(
  name: string,
  group: StartedGroup,
  host: CommandHost,
  options: CommandOptions,
  outputs: readonly Promise<unknown>[],
): Promise<ExitStatus> {
  const signal = host.signal();
  const overrun = new AbortController();
  const onEnd = (): void => {
    group.kill().catch(() => undefined);
  };
  const either = AbortSignal.any([signal, overrun.signal]);
  either.addEventListener('abort', onEnd, { once: true });
  if (either.aborted) onEnd();
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          overrun.abort(overran(name, options.timeoutMs));
        }, options.timeoutMs);
  try {
    const status = await group.ended;
    await Promise.all(outputs);
    either.throwIfAborted();
    return status;
  } finally {
    clearTimeout(timer);
    either.removeEventListener('abort', onEnd);
  }
}

/** The failure of a command that its own limit ended. */
export function overran(name: string, limitMs: number | undefined): Failure {
  return new Failure('command-failed', `${name} did not end within ${String(limitMs)} ms`);
}

/** The status as a shell says it: signals as 128 and their number. */
export function statusNumber(status: ExitStatus, signals: Readonly<Record<string, number>>): number {
  return status.code ?? 128 + (signals[status.signal ?? 'SIGKILL'] ?? 0);
}
