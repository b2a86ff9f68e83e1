import { defined } from '../base/defined.ts';
import { isCancel } from './signals.ts';
import { describeFailure, exitCodeOf, Failure } from '../base/failure.ts';
import { exitCode } from '../base/exit-code.ts';
import type { Environment } from '../language/environment/environment.ts';
import type { RunFinished } from './record/event.ts';
import type { RecordFold } from './record/fold.ts';
import type { Journal } from './record/journal.ts';
import { storeRecord } from './record/store.ts';
import type { RunRecord } from '../language/generated/run-record.types.ts';
import { redactDeep } from './emitter.ts';
import { abortAfter, whileAllowed } from '../base/waiting.ts';
import { inWords } from './limits.ts';
import type { Pipeline } from './pipeline.ts';
import type { RunContext } from './run-context.ts';
import type { FinishedRun, RunKeeper } from './run-host.ts';
import { note } from './run-progress.ts';
import { tellEnd } from './tell-end.ts';

/** What storing the records may take, milliseconds; less when somebody waits for a cancelled run to end. */
const storeMs = 60_000;
const storeWhenCancelledMs = 8000;
/** What a repository that does not listen to its signal gets on top, milliseconds. */
const graceMs = 1000;

export interface RunEnding {
  readonly context: RunContext;
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
  const { context, journal } = ending;
  const { progress } = context;
  for (const keeper of context.host.keepers) await keep(ending, () => keepRun(ending, keeper));
  const findJournalFailure = (): Promise<void> => {
    const failure = journal.failure();
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  };
  await keep(ending, findJournalFailure);
  // Before the record is stored, so that it says who was told; once more when storing makes a good run red.
  const wasGood = !progress.hasFailed;
  await tellEnd(context, finishedRun(ending));
  await keep(ending, () => storeRecords(ending));
  await keep(ending, findJournalFailure);
  if (wasGood && progress.hasFailed) await tellEnd(context, finishedRun(ending));
  const finish = finishOf(ending);
  if (progress.hasFailed && !(progress.error instanceof Failure)) tellBug(context, progress.error);
  context.emit(finish);
  return finish;
}

/** Does a part of the ending; what goes wrong is the run's failure when it had none, and a warning otherwise. */
async function keep({ context }: RunEnding, part: () => Promise<void>): Promise<void> {
  const { progress } = context;
  try {
    await part();
  } catch (error) {
    if (progress.hasFailed) context.emit({ type: 'run-warning', text: describeFailure(error).message });
    note(progress, error);
  }
}

function finishOf({ context, startedMs }: RunEnding): Finish {
  const { progress } = context;
  const { cancel, clock } = context.host;
  const error: unknown = cancel.aborted ? cancel.reason : progress.error;
  const hasFailed = cancel.aborted || progress.hasFailed;
  const told = hasFailed ? error : progress.alertFailure;
  return {
    type: 'run-finished',
    outcome: isCancel(cancel.reason) ? 'cancelled' : hasFailed ? 'failed' : 'succeeded',
    // A run may succeed and nobody hear of it: red all the same.
    exitCode: told === undefined && !hasFailed ? exitCode.done : exitCodeOf(told),
    durationMs: clock.monotonicMs() - startedMs,
    stepsDurationMs: progress.stepsDurationMs,
    ...((hasFailed || told !== undefined) && { error: describeFailure(told) }),
    ...(!cancel.aborted && defined({ failedStep: progress.failedStep })),
  };
}

/** The repository that keeps what is known of a run: of the plan's own environment, otherwise the first that it uses. */
export function recordEnvironment({ environment, steps, environments }: Pipeline): Environment | undefined {
  return [environment, ...steps.map((step) => step.environment), ...environments.values()].find(
    ({ repository }) => repository !== undefined,
  );
}

async function storeRecords(ending: RunEnding): Promise<void> {
  const { context, unstored } = ending;
  const environment = recordEnvironment(context.pipeline);
  const record = recordSoFar(ending);
  if (environment === undefined || record === undefined) return;
  await inTime(ending, "the run's record", (signal) =>
    storeAll(context, environment, [record, ...unstored], signal),
  );
}

async function keepRun(ending: RunEnding, keeper: RunKeeper): Promise<void> {
  const run = finishedRun(ending);
  if (run !== undefined) await inTime(ending, keeper.name, (signal) => keeper.keep({ ...run, signal }));
}

function finishedRun(ending: RunEnding): Omit<FinishedRun, 'signal'> | undefined {
  const { pipeline, restored, repositories, emit } = ending.context;
  const record = recordSoFar(ending);
  return (
    record && {
      record,
      pipeline,
      restored,
      openRepository: repositories.open,
      repository: recordEnvironment(pipeline),
      warn: (text: string) => {
        emit({ type: 'run-warning', text });
      },
    }
  );
}

function recordSoFar(ending: RunEnding): RunRecord | undefined {
  const { context, fold } = ending;
  const { clock, redact } = context.host;
  // This event goes past the emitter, straight into the record.
  const finished = redactDeep({ ...finishOf(ending), at: clock.now().toISOString() }, redact);
  return fold.record(finished as RunFinished);
}

/** Stores something of the run within a limit. @throws Failure `record-not-stored` */
async function inTime(
  { context }: RunEnding,
  what: string,
  store: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { clock, cancel } = context.host;
  const limitMs = cancel.aborted ? storeWhenCancelledMs : storeMs;
  const controller = new AbortController();
  const timer = abortAfter(clock, limitMs, controller, () => tooSlow(limitMs));
  try {
    await whileAllowed(clock, controller.signal, graceMs, store(controller.signal));
  } catch (error) {
    const { message } = describeFailure(error);
    throw new Failure('record-not-stored', `${what} could not be stored: ${message}`, { cause: error });
  } finally {
    timer.stop();
  }
}

async function storeAll(
  context: RunContext,
  environment: Environment,
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
