import { Failure } from '../base/failure.ts';
import { abortAfter, whileAllowed, type Timer } from '../base/waiting.ts';
import { inWords } from './limits.ts';
import type { RunContext } from './run-context.ts';
import type { FinishedRun, ReportAlert } from './run-host.ts';

/** What telling people may take, milliseconds; less when somebody waits for a cancelled run to end. */
const tellMs = 90_000;
const tellWhenCancelledMs = 3000;
/** What somebody who does not listen to the signal gets on top, milliseconds. */
const graceMs = 500;

/** Makes an event of every message. */
export function reportAlert({ emit }: Pick<RunContext, 'emit'>): ReportAlert {
  return (alert) => {
    emit({ type: 'alert-told', ...alert });
  };
}

/** Tells how a run ends. That somebody could not be told makes a good run red, by an exit code of its own. Never rejects. */
export async function tellEnd(
  context: RunContext,
  run: Omit<FinishedRun, 'signal'> | undefined,
): Promise<void> {
  const { host, progress } = context;
  const { alerts, clock, cancel } = host;
  if (alerts === undefined || run === undefined) return;
  const controller = new AbortController();
  const timers: Timer[] = [];
  const limit = (ms: number): void => {
    timers.push(abortAfter(clock, ms, controller, () => tooSlow(ms)));
  };
  const shorten = (): void => {
    limit(tellWhenCancelledMs);
  };
  limit(tellMs);
  if (cancel.aborted) shorten();
  else cancel.addEventListener('abort', shorten, { once: true });
  try {
    const telling = alerts.finished({ ...run, signal: controller.signal }, reportAlert(context));
    await whileAllowed(clock, controller.signal, graceMs, telling);
  } catch (error) {
    progress.alertFailure = asFailure(error);
    if (!(error instanceof Failure)) host.reportBug(host.redact(stackOf(error)));
  } finally {
    cancel.removeEventListener('abort', shorten);
    for (const timer of timers) timer.stop();
  }
}

function tooSlow(ms: number): Failure {
  return new Failure('alert-undelivered', `alerts were not delivered within ${inWords(ms)}`);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** A bug in telling is no bug of the backup, which stays as good as it is. */
function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('alert-undelivered', `alerts could not be sent: ${message}`, { cause: error });
}
