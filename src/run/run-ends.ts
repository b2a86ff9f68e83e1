import { describeFailure, Failure } from '../base/failure.ts';
import { abortAfter, type Timer } from '../base/waiting.ts';
import { inWords } from './limits.ts';
import type { PhaseSignals } from './phases.ts';
import type { RunContext } from './run-context.ts';

/** What `cleanup` may take, milliseconds; less when somebody waits for a cancelled run to end. */
const cleanupMs = 10 * 60_000;
const cleanupWhenCancelledMs = 60_000;

/** Everything that can end a run early, as the signals of its phases. */
export interface RunEnds extends PhaseSignals {
  /** Ends the run when `lost` aborts. */
  watch(lost: AbortSignal): void;
  stop(): void;
}

/** Watches the operator's cancel and the plan's deadline; locks are added as they are taken. Tells the first end. */
export function watchEnds(context: RunContext): RunEnds {
  const { host, pipeline, emit } = context;
  const run = new AbortController();
  const cleanup = new AbortController();
  const timeoutMs = pipeline.plan.timeoutMs;
  const timers: Timer[] = [abortAfter(host.clock, timeoutMs, run, () => overran(context, timeoutMs))];
  const limitCleanup = (ms: number): void => {
    timers.push(abortAfter(host.clock, ms, cleanup, () => cleanupOverran(context, ms)));
  };
  const follow = (signal: AbortSignal): (() => void) => {
    const onAbort = (): void => {
      run.abort(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    return () => {
      signal.removeEventListener('abort', onAbort);
    };
  };
  const tell = (): void => {
    emit({ type: 'run-cancelled', reason: describeFailure(run.signal.reason) });
  };
  run.signal.addEventListener('abort', tell, { once: true });
  const unfollow = [follow(host.cancel)];
  return {
    run: run.signal,
    cleanup: () => {
      limitCleanup(cleanupMs);
      const shorten = (): void => {
        limitCleanup(cleanupWhenCancelledMs);
      };
      if (host.cancel.aborted) shorten();
      else host.cancel.addEventListener('abort', shorten, { once: true });
      unfollow.push(() => {
        host.cancel.removeEventListener('abort', shorten);
      });
      return cleanup.signal;
    },
    watch: (lost) => {
      unfollow.push(follow(lost));
    },
    stop: () => {
      for (const timer of timers) timer.stop();
      for (const undo of unfollow) undo();
      run.signal.removeEventListener('abort', tell);
    },
  };
}

function overran({ pipeline }: RunContext, ms: number): Failure {
  return new Failure('run-timeout', `plan ${pipeline.plan.name} did not end within ${inWords(ms)}`, {
    hint: 'raise its timeout, or find out what makes it slow',
    where: pipeline.plan.file,
  });
}

function cleanupOverran({ pipeline }: RunContext, ms: number): Failure {
  return new Failure(
    'run-timeout',
    `the cleanup of plan ${pipeline.plan.name} did not end within ${inWords(ms)}`,
    {
      where: pipeline.plan.file,
    },
  );
}
