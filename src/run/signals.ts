import { exitCode, type ExitCode } from '../base/exit-code.ts';
import { Failure, type FailureCode } from '../base/failure.ts';

/** What each signal means. A closed terminal is a request to end, too. */
const meanings = {
  SIGINT: { code: 'interrupted', exitCode: exitCode.interrupted },
  SIGTERM: { code: 'terminated', exitCode: exitCode.terminated },
  SIGHUP: { code: 'terminated', exitCode: exitCode.terminated },
} as const satisfies Partial<Record<NodeJS.Signals, { code: FailureCode; exitCode: ExitCode }>>;

type Meant = keyof typeof meanings;

export interface SignalWatch {
  /** Aborts at the first signal with a Failure `interrupted` or `terminated`. */
  readonly cancel: AbortSignal;
  /** Gives the signals back to Node. */
  stop(): void;
}

/**
 * Turns SIGINT, SIGTERM and SIGHUP into a cancel. A second one calls `onSecond`, which is to kill every process group
 * and leave at once: the guard, whose pipe breaks by that, removes the rest.
 */
export function watchSignals(
  onSecond: (exitCode: ExitCode) => void,
  source: NodeJS.EventEmitter = process,
): SignalWatch {
  const controller = new AbortController();
  const handlers = (Object.keys(meanings) as Meant[]).map((signal) => {
    const handle = (): void => {
      const meaning = meanings[signal];
      if (controller.signal.aborted) onSecond(meaning.exitCode);
      else controller.abort(new Failure(meaning.code, `the run was ended by ${signal}`));
    };
    source.on(signal, handle);
    return { signal, handle };
  });
  return {
    cancel: controller.signal,
    stop: () => {
      for (const { signal, handle } of handlers) source.off(signal, handle);
    },
  };
}
