import { accountName } from '../base/account.ts';
import type { RunHost } from './run-host.ts';
import type { SignOffAnswer } from './sign-off.ts';
import type { CommandHost } from '../task/host.ts';

type AskSignOff = NonNullable<RunHost['askSignOff']>;

/** What a key says; undefined for one that says nothing. */
type Verdict = SignOffAnswer['verdict'] | 'open' | 'interrupt' | undefined;

/** Keys that were typed before the question could be read, and arrive at once, are no answer to it; milliseconds. */
const typedAheadMs = 100;

/** What asking takes of the process. */
export interface AskingHost extends Pick<CommandHost, 'input' | 'environmentVariables'> {
  readonly output: { readonly isTTY: boolean };
}

/**
 * Asks at this process's terminal by single keys; undefined where there is none, so that nobody is asked. `interrupt`
 * is what Ctrl-C does, which a terminal that gives single keys does not do by itself.
 */
export function createAskSignOff(
  { input, output, environmentVariables }: AskingHost,
  interrupt: () => void = interruptThisProcess,
): AskSignOff | undefined {
  if (!input.isTTY || !output.isTTY) return undefined;
  return async ({ text }, signal, report) => {
    signal.throwIfAborted();
    report.phase(`${text}  [y signs it off, n rejects it, s leaves it open]`);
    const verdict = await readVerdict(input, signal, interrupt);
    return verdict === 'open' ? undefined : { verdict, by: accountName(environmentVariables) };
  };
}

/** Waits for a key that says something; whatever happens, the terminal is as it was. Rejects with the signal's reason. */
async function readVerdict(
  input: NodeJS.ReadStream,
  signal: AbortSignal,
  interrupt: () => void,
): Promise<SignOffAnswer['verdict'] | 'open'> {
  const wasRaw = input.isRaw;
  const answer = Promise.withResolvers<SignOffAnswer['verdict'] | 'open'>();
  const askedMs = performance.now();
  const onData = (data: Buffer | string): void => {
    const verdict = verdictOf(data.toString());
    if (verdict === 'interrupt') interrupt();
    else if (verdict !== undefined && performance.now() - askedMs >= typedAheadMs) answer.resolve(verdict);
  };
  const onEnd = (): void => {
    answer.resolve('open');
  };
  const onAbort = (): void => {
    answer.reject(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    input.setRawMode(true);
    input.on('data', onData).on('end', onEnd).on('error', onEnd).on('close', onEnd);
    input.resume();
    return await answer.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    input.off('data', onData).off('end', onEnd).off('error', onEnd).off('close', onEnd);
    input.pause();
    restore(input, wasRaw);
  }
}

/** A terminal that was hung up has no mode any more. */
function restore(input: NodeJS.ReadStream, wasRaw: boolean): void {
  try {
    input.setRawMode(wasRaw);
  } catch {
    // Nobody is there to notice.
  }
}

/** One key, perhaps with Enter after it; pasted text and the keys that send several characters say nothing. */
export function verdictOf(keys: string): Verdict {
  if (keys.includes('\u0003')) return 'interrupt';
  switch (keys.replace(/[\r\n]+$/, '').toLowerCase()) {
    case 'y':
      return 'signed';
    case 'n':
      return 'rejected';
    case 's':
    case '\u0004':
      return 'open';
    default:
      return undefined;
  }
}

function interruptThisProcess(): void {
  process.kill(process.pid, 'SIGINT');
}
