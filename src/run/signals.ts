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
  /** Aborts at the first signal with a Failure `interrupted` or `terminated`, at what nobody waited for with `stray-failure`. */
  readonly cancel: AbortSignal;
  /** Gives the signals back to Node. */
  stop(): void;
}

/** Node's names of failures that nobody waited for. */
const strays = ['uncaughtException', 'unhandledRejection'] as const;

/** Whether somebody has ended a run, which is no failure of its own. */
export function isCancel(reason: unknown): boolean {
  const codes = Object.values(meanings).map(({ code }) => code as FailureCode);
  return reason instanceof Failure && codes.includes(reason.code);
}

/**
 * Turns SIGINT, SIGTERM and SIGHUP into a cancel. A second one calls `onSecond`, which is to kill every process group
 * and leave at once: the guard, whose pipe breaks by that, removes the rest. A failure that nobody waited for, such as a
 * promise that an operator's task has left behind, ends the run too, so that it is cleaned up after and recorded.
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
  const stray = (error: unknown): void => {
    controller.abort(strayFailure(error));
  };
  for (const name of strays) source.on(name, stray);
  return {
    cancel: controller.signal,
    stop: () => {
      for (const { signal, handle } of handlers) source.off(signal, handle);
      for (const name of strays) source.off(name, stray);
    },
  };
}

function strayFailure(error: unknown): Failure {
  const said = error instanceof Error ? error.message : String(error);
  return new Failure('stray-failure', `something failed that nobody waited for: ${said}`, {
    hint: 'a task awaits every promise that it makes, and catches what it throws in a timer',
    cause: error,
  });
}
