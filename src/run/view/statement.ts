import { defined } from '../../base/defined.ts';
import type { FailureDescription } from '../../base/failure.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import { renderMoment } from '../../base/quantity/moment.ts';
import type { AlertTold, RunEvent, RunFinished, RunStarted, StepFinished } from '../record/event.ts';
import { renderProgress, renderTransfer } from './progress.ts';

/** What an event means to a reader of a log, before any view gives it its form. */
export interface Statement {
  readonly level: StatementLevel;
  /** Id of the step that speaks; absent: the run itself. */
  readonly step?: string;
  readonly text: string;
  /** Where an operator must look: `file:line:column`, a key, a table. */
  readonly where?: string;
  readonly hint?: string;
}

export type StatementLevel = 'output' | 'info' | 'notice' | 'warning' | 'error';

/** Says an event in words, the same for every view that prints lines. Pure. */
export function stateEvent(event: RunEvent): Statement {
  switch (event.type) {
    case 'run-started':
      return { level: 'notice', text: stateStart(event) };
    case 'run-interrupted-found': {
      const where = event.step === undefined ? '' : ` in step ${event.step}`;
      return {
        level: 'warning',
        text: `run ${event.runId} was interrupted${where}, last heard of ${renderMoment(new Date(event.lastEventAt), { now: new Date(event.at), timeZone: 'UTC' })}`,
      };
    }
    case 'step-started':
      return {
        level: 'info',
        step: event.step,
        text: event.attempt === 1 ? 'started' : `attempt ${String(event.attempt)}`,
      };
    case 'step-progress':
      return { level: 'info', step: event.step, text: renderProgress(event) };
    case 'step-phase':
      return { level: 'info', step: event.step, text: event.text };
    case 'step-output':
      return { level: 'output', step: event.step, text: event.line };
    case 'step-note':
      return { level: event.level === 'warning' ? 'warning' : 'info', step: event.step, text: event.text };
    case 'step-retried': {
      const attempt = `attempt ${String(event.attempt)} failed`;
      const next = `trying again in ${renderDuration(event.delayMs)}`;
      return { level: 'warning', step: event.step, text: `${attempt}, ${next}: ${event.error.message}` };
    }
    case 'step-finished':
      return { step: event.step, ...stateStepEnd(event) };
    case 'run-warning':
      return { level: 'warning', text: event.text };
    case 'run-cancelled':
      return { level: 'warning', text: `cancelling: ${event.reason.message}` };
    case 'alert-told':
      return stateAlert(event);
    case 'run-finished':
      return stateRunEnd(event);
    default:
      return unknownEvent(event);
  }
}

function stateStart({ runId, plan, environment, host, pid, steps }: RunStarted): string {
  const count = steps.length === 1 ? '1 step' : `${String(steps.length)} steps`;
  return `run ${runId} of plan ${plan} on ${environment}: ${count}, host ${host}, pid ${String(pid)}`;
}

function stateStepEnd(event: StepFinished): Omit<Statement, 'step'> {
  const { outcome, durationMs, bytes, error, reason } = event;
  const because = reason === undefined ? '' : `: ${reason}`;
  switch (outcome) {
    case 'succeeded':
      return { level: 'notice', text: `succeeded ${renderTransfer(durationMs, bytes)}` };
    case 'failed':
      return { level: 'error', ...stateFailure(`failed after ${renderDuration(durationMs)}`, error) };
    case 'skipped':
      return { level: 'info', text: `skipped${because}` };
    case 'cancelled':
      return { level: 'warning', text: `cancelled${because}` };
  }
}

function stateAlert({ channel, event, outcome, text }: AlertTold): Statement {
  const level = outcome === 'undelivered' ? 'warning' : 'info';
  const words = { delivered: 'told', undelivered: 'could not be told', folded: 'not told again' }[outcome];
  return { level, text: `${channel} ${words} (${event}): ${text}` };
}

function stateRunEnd({ outcome, durationMs, exitCode, error }: RunFinished): Statement {
  const duration = renderDuration(durationMs);
  switch (outcome) {
    case 'succeeded': {
      // A run may succeed and have an alert that was not delivered: then its exit code is not 0.
      if (error !== undefined)
        return { level: 'error', ...stateFailure(`run succeeded in ${duration}`, error) };
      return { level: 'notice', text: `run succeeded in ${duration}` };
    }
    case 'failed':
      return {
        level: 'error',
        ...stateFailure(`run failed after ${duration} (exit code ${String(exitCode)})`, error),
      };
    case 'cancelled':
      return {
        level: 'error',
        ...stateFailure(`run cancelled after ${duration} (exit code ${String(exitCode)})`, error),
      };
  }
}

function stateFailure(
  what: string,
  error: FailureDescription | undefined,
): Omit<Statement, 'level' | 'step'> {
  if (error === undefined) return { text: what };
  return {
    text: `${what}: ${error.message}`,
    ...defined({ where: error.where, hint: error.hint }),
  };
}

function unknownEvent(event: never): Statement {
  return { level: 'info', text: JSON.stringify(event) };
}

/** A statement's text, place and hint as printable lines; the first is the text's own. */
export function linesOfStatement({ text, where, hint }: Statement): readonly string[] {
  return [
    text,
    ...(where === undefined ? [] : [`at ${where}`]),
    ...(hint === undefined ? [] : [`hint: ${hint}`]),
  ];
}
