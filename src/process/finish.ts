import { Failure } from '../failure.ts';
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
  let timedOut = false;
  const onAbort = (): void => void group.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const limit =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          onAbort();
        }, options.timeoutMs);
  try {
    const status = await group.ended;
    await Promise.all(outputs);
    if (signal.aborted) throw signal.reason;
    if (timedOut)
      throw new Failure('command-failed', `${name} did not end within ${String(options.timeoutMs)} ms`);
    return status;
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', onAbort);
  }
}

/** The status as a shell says it: signals as 128 and their number. */
export function statusNumber(status: ExitStatus, signals: Readonly<Record<string, number>>): number {
  return status.code ?? 128 + (signals[status.signal ?? 'SIGKILL'] ?? 0);
}
