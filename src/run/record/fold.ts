import { defined } from '../../base/defined.ts';
import type { RecordedAlert, RecordedStep, RunRecord } from '../../language/generated/run-record.types.ts';
import type { AlertTold, RunEvent, RunFinished, RunStarted } from './event.ts';
import { foldStep, plannedStep } from './fold-step.ts';

/** Takes a run's events one by one and gives its record at any time; memory does not grow with the output. */
export interface RecordFold {
  readonly add: (event: RunEvent) => void;
  /**
   * Undefined before `run-started`. Without `run-finished` the record is incomplete (cancelled, code `interrupted`),
   * unless `ending` says how the run is about to finish.
   */
  record(ending?: RunFinished): RunRecord | undefined;
}

/** Folds events into a record. Pure: the same events give the same record. */
export function foldEvents(events: Iterable<RunEvent>): RunRecord | undefined {
  const fold = createFold();
  for (const event of events) fold.add(event);
  return fold.record();
}

export function createFold(): RecordFold {
  let started: RunStarted | undefined;
  let finished: RunFinished | undefined;
  let lastAt = '';
  const steps = new Map<string, RecordedStep>();
  const warnings: string[] = [];
  const interruptedRuns: string[] = [];
  const alerts: RecordedAlert[] = [];

  return {
    add: (event) => {
      // A later run closed this journal: the run itself ended with what it last said.
      if (event.type !== 'run-finished' || event.foundInterrupted !== true) lastAt = event.at;
      if (event.type === 'run-started') {
        started = event;
        for (const step of event.steps) steps.set(step.id, plannedStep(step));
      } else if (event.type === 'run-finished') finished = event;
      else if (event.type === 'run-warning') warnings.push(event.text);
      else if (event.type === 'run-interrupted-found') interruptedRuns.push(event.runId);
      else if (event.type === 'alert-told') alerts.push(recordedAlert(event));
      else if (event.type !== 'run-cancelled') {
        const step = steps.get(event.step);
        if (step !== undefined) foldStep(step, event);
      }
    },
    record: (about) => {
      if (started === undefined) return undefined;
      const last = finished ?? about;
      const isComplete = last !== undefined && last.foundInterrupted !== true;
      const list = [...steps.values()].map((step) => structuredClone(step));
      return {
        ...identity(started),
        ...ending(started, last, lastAt),
        bytes: list.reduce((sum, step) => sum + (step.bytes ?? 0), 0),
        warnings: [...warnings],
        interruptedRuns: [...interruptedRuns],
        ...(alerts.length > 0 && { alerts: alerts.map((alert) => ({ ...alert })) }),
        steps: isComplete ? list : list.map(cutShort),
      };
    },
  };
}

function recordedAlert({ channel, event, outcome, attempts, durationMs, text }: AlertTold): RecordedAlert {
  return { channel, event, outcome, attempts, durationMs, text };
}

type Identity = Pick<
  RunRecord,
  | 'format'
  | 'runId'
  | 'plan'
  | 'planHash'
  | 'environment'
  | 'host'
  | 'pid'
  | 'versions'
  | 'parameters'
  | 'startedAt'
>;

function identity(started: RunStarted): Identity {
  const { runId, plan, planHash, environment, host, pid, versions, parameters, at } = started;
  return {
    format: 1,
    runId,
    plan,
    planHash,
    environment,
    host,
    pid,
    versions: { ...versions },
    parameters: { ...parameters },
    startedAt: at,
  };
}

type Ending = Pick<
  RunRecord,
  | 'complete'
  | 'outcome'
  | 'exitCode'
  | 'finishedAt'
  | 'durationMs'
  | 'stepsDurationMs'
  | 'error'
  | 'failedStep'
>;

function ending(started: RunStarted, finished: RunFinished | undefined, lastAt: string): Ending {
  if (finished === undefined || finished.foundInterrupted === true) {
    return {
      complete: false,
      outcome: 'cancelled',
      exitCode: null,
      finishedAt: lastAt,
      durationMs: Math.max(0, Date.parse(lastAt) - Date.parse(started.at)),
      stepsDurationMs: 0,
      error: { code: 'interrupted', message: 'the run was killed: it ended without a word' },
    };
  }
  const { at, outcome, exitCode, durationMs, stepsDurationMs, error, failedStep } = finished;
  return {
    complete: true,
    outcome,
    exitCode,
    finishedAt: at,
    durationMs,
    stepsDurationMs,
    ...defined({ error, failedStep }),
  };
}

/** Of an interrupted run: what had started was cut, what had not was never reached. */
function cutShort(step: RecordedStep): RecordedStep {
  if (step.attempts === 0 && step.reason === undefined)
    return { ...step, reason: 'the run was killed before it' };
  if (step.outcome === 'cancelled' && step.reason === undefined)
    return { ...step, reason: 'the run was killed' };
  return step;
}
