import { defined } from '../../base/defined.ts';
import type { RecordedStep } from '../../language/generated/run-record.types.ts';
import type { RunEvent, RunStarted, StepFinished } from './event.ts';

/** Lines of output, and notes, of one step that a record keeps. */
export const keptLines = 200;

type StepEvent = Extract<RunEvent, { readonly step: string }>;

/** A step as it begins: not yet reached. */
export function plannedStep(step: RunStarted['steps'][number]): RecordedStep {
  return {
    ...step,
    outcome: 'skipped',
    startedAt: null,
    durationMs: 0,
    attempts: 0,
    bytes: null,
    megabytesPerSecond: null,
    notes: [],
    retries: [],
    output: [],
  };
}

/** Changes a step's part of the record by one of its events. */
export function foldStep(step: RecordedStep, event: StepEvent): void {
  switch (event.type) {
    case 'step-started':
      step.startedAt ??= event.at;
      step.attempts = event.attempt;
      // Unless it finishes, this is how an interrupted run has left it.
      step.outcome = 'cancelled';
      return;
    case 'step-output':
      keep(step.output, { stream: event.stream, line: event.line });
      return;
    case 'step-note':
      keep(step.notes, { level: event.level, text: event.text });
      return;
    case 'step-retried':
      step.retries.push({ attempt: event.attempt, delayMs: event.delayMs, error: event.error });
      return;
    case 'step-finished':
      Object.assign(step, finished(event));
      return;
    case 'step-progress':
    case 'step-phase':
      return;
    default:
      event satisfies never;
  }
}

function finished(event: StepFinished): Partial<RecordedStep> {
  const { outcome, durationMs, attempts, error, reason, bytes, outputs, facts } = event;
  const hasSpeed = bytes !== undefined && durationMs > 0;
  return {
    outcome,
    durationMs,
    attempts,
    ...defined({ bytes }),
    ...(hasSpeed && { megabytesPerSecond: Math.round(bytes / durationMs / 10) / 100 }),
    ...defined({ error, reason }),
    ...(outputs !== undefined && { outputs: { ...outputs } }),
    ...(facts !== undefined && { facts: { ...facts } }),
  };
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > keptLines) list.shift();
}
