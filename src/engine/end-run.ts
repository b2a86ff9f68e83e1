import { describeFailure, exitCodeOf, Failure } from '../failure.ts';
import { exitCode } from '../exit-code.ts';
import type { RunFinished } from '../record/event.ts';
import type { RecordFold } from '../record/fold.ts';
import type { Journal } from '../record/journal.ts';
import { storeRecord } from '../record/store.ts';
import type { RunRecord } from '../schema/generated/run-record.types.ts';
import { abortAfter, inWords, whileAllowed } from './limits.ts';
import { note, type RunProgress } from './phases.ts';
import type { RunContext } from './run-context.ts';

/** What storing the records may take, milliseconds; less when somebody waits for a cancelled run to end. */
const storeMs = 60_000;
const storeWhenCancelledMs = 8000;
/** What a repository that does not listen to its signal gets on top, milliseconds. */
const graceMs = 1000;

export interface RunEnding {
  readonly context: RunContext;
  readonly progress: RunProgress;
  readonly fold: RecordFold;
  readonly journal: Journal;
  /** Records of earlier, interrupted runs that the repository does not have yet. */
  readonly unstored: readonly RunRecord[];
  readonly startedMs: number;
}

type Finish = Omit<RunFinished, 'at'>;

/**
 * Ends a run: stores its record whatever happened, and says how it went. A record or journal that cannot be written
 * makes a good run red.
 */
export async function endRun(ending: RunEnding): Promise<Finish> {
  const { context, progress, journal } = ending;
  await keep(ending, () => storeRecords(ending, finishOf(ending)));
  await keep(ending, () => {
    const failure = journal.failure();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  });
  const finish = finishOf(ending);
  if (progress.hasFailed && !(progress.error instanceof Failure)) tellBug(context, progress.error);
  context.emit(finish);
  return finish;
}

/** Does a part of the ending; what goes wrong is the run's failure when it had none, and a warning otherwise. */
async function keep({ context, progress }: RunEnding, part: () => Promise<void>): Promise<void> {
  try {
    await part();
  } catch (error) {
    if (progress.hasFailed) context.emit({ type: 'run-warning', text: describeFailure(error).message });
    note(progress, error);
  }
}

function finishOf({ context, progress, startedMs }: RunEnding): Finish {
  const { cancel, clock } = context.host;
  const error: unknown = cancel.aborted ? cancel.reason : progress.error;
  const hasFailed = cancel.aborted || progress.hasFailed;
  return {
    type: 'run-finished',
    outcome: cancel.aborted ? 'cancelled' : hasFailed ? 'failed' : 'succeeded',
    exitCode: hasFailed ? exitCodeOf(error) : exitCode.done,
    durationMs: clock.monotonicMs() - startedMs,
    stepsDurationMs: progress.stepsDurationMs,
    ...(hasFailed && { error: describeFailure(error) }),
  };
}

async function storeRecords(ending: RunEnding, finish: Finish): Promise<void> {
  const { context, fold, unstored } = ending;
  const environment = [
    context.pipeline.environment,
    ...context.pipeline.steps.map((step) => step.environment),
  ].find(({ repository }) => repository !== undefined);
  if (environment === undefined) return;
  const record = fold.record({ ...finish, at: context.host.clock.now().toISOString() });
  if (record === undefined) return;
  const limitMs = context.host.cancel.aborted ? storeWhenCancelledMs : storeMs;
  const controller = new AbortController();
  const timer = abortAfter(context.host.clock, limitMs, controller, () => tooSlow(limitMs));
  try {
    const storing = storeAll(context, environment, [record, ...unstored], controller.signal);
    await whileAllowed(context.host.clock, controller.signal, graceMs, storing);
  } catch (error) {
    const { message } = describeFailure(error);
    throw new Failure('record-not-stored', `the run's record could not be stored: ${message}`, {
      cause: error,
    });
  } finally {
    timer.stop();
  }
}

async function storeAll(
  context: RunContext,
  environment: RunContext['pipeline']['environment'],
  records: readonly RunRecord[],
  signal: AbortSignal,
): Promise<void> {
  const repository = await context.repositories.open(environment);
  for (const record of records) {
    await storeRecord(repository, record, signal).catch((error: unknown) => {
      // An interrupted run's record may be there from an earlier find.
      const isStored =
        record.runId !== context.run.id && error instanceof Failure && error.code === 'key-exists';
      if (!isStored) throw error;
    });
  }
}

function tooSlow(limitMs: number): Failure {
  return new Failure('repository-unreachable', `the repository did not take it within ${inWords(limitMs)}`);
}

/** A bug's stack goes to whoever can mend it, not into the record. */
export function tellBug({ host }: Pick<RunContext, 'host'>, error: unknown): void {
  host.reportBug(host.redact(error instanceof Error ? (error.stack ?? error.message) : String(error)));
}
