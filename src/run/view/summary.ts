import { aligned, fields, type Block } from '../../base/terminal/blocks.ts';
import { status } from '../../base/terminal/status.ts';
import type { Text } from '../../base/terminal/text.ts';
import { printedLine, printedLines } from '../../base/terminal/visible.ts';
import type { FailureDescription } from '../../base/failure.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import type { AlertTold, RunEvent, RunFinished, RunStarted, StepFinished } from '../record/event.ts';

import { renderTransfer } from './progress.ts';

/** Rows of warnings that still leave the rest of the summary on one screen. */
const mostWarnings = 6;

/** Characters of an output of a step that a person reads at a glance. */
const longestOutput = 40;

/** What the last screen of a run shows. */
export interface Summary {
  readonly started: RunStarted | undefined;
  readonly finished: RunFinished | undefined;
  readonly steps: readonly StepFinished[];
  readonly warnings: readonly string[];
  readonly alerts: readonly AlertTold[];
}

export const emptySummary: Summary = {
  started: undefined,
  finished: undefined,
  steps: [],
  warnings: [],
  alerts: [],
};

/** Adds an event to a summary. Pure: `events.reduce(foldSummary, emptySummary)`. */
export function foldSummary(summary: Summary, event: RunEvent): Summary {
  switch (event.type) {
    case 'run-started':
      return { ...summary, started: event };
    case 'run-finished':
      return { ...summary, finished: event };
    case 'step-finished':
      return { ...summary, steps: [...summary.steps, event] };
    case 'run-warning':
      return { ...summary, warnings: [...summary.warnings, event.text] };
    case 'alert-told':
      return { ...summary, alerts: [...summary.alerts, event] };
    case 'run-interrupted-found':
      return {
        ...summary,
        warnings: [...summary.warnings, `the run before, ${event.runId}, was interrupted`],
      };
    case 'step-note':
      if (event.level !== 'warning') return summary;
      return { ...summary, warnings: [...summary.warnings, `${event.step}: ${event.text}`] };
    default:
      return summary;
  }
}

/**
 * The one screen after a run: outcome, artifact, each step with bytes and time, warnings, what failed and why, where the
 * record is. Nothing when no run has started.
 */
export function summaryBlocks(summary: Summary, record?: string): readonly Block[] {
  const { started, finished } = summary;
  if (started === undefined) return [];
  const rows = [
    ...titled('artifact', artifactsOf(summary)),
    ...titled('steps', stepTexts(summary)),
    ...titled('warnings', warningTexts(summary.warnings)),
    ...titled(status('failed'), failureTexts(summary)),
    ...titled('alerts', alertTexts(summary.alerts)),
    ...titled('record', record === undefined ? [] : [record]),
  ];
  return [headline(started, finished), fields(rows)];
}

function headline(started: RunStarted, finished: RunFinished | undefined): Text {
  if (finished === undefined) return `${started.plan} has not finished`;
  const code = finished.exitCode === 0 ? '' : `, exit code ${String(finished.exitCode)}`;
  const preposition = finished.outcome === 'succeeded' ? 'in' : 'after';
  const rest = ` ${preposition} ${renderDuration(finished.durationMs)}${code}`;
  return [`${started.plan} `, status(finished.outcome), rest];
}

function artifactsOf({ steps }: Summary): readonly string[] {
  return [...new Set(steps.flatMap(({ outputs }) => outputs?.['artifact'] ?? []))];
}

function stepTexts({ started, steps }: Summary): readonly Text[] {
  const unfinished = (started?.steps.length ?? 0) - steps.length;
  const lines = aligned(
    [{}, {}, {}],
    steps.map((step) => [step.step, status(step.outcome), stepDetails(step)]),
  );
  return unfinished > 0 ? [...lines, `and ${String(unfinished)} that never began`] : lines;
}

function stepDetails(step: StepFinished): string {
  if (step.outcome === 'skipped' || step.outcome === 'cancelled') return printedLine(step.reason ?? '');
  const attempts = step.attempts > 1 ? [`${String(step.attempts)} attempts`] : [];
  const outputs = Object.entries(step.outputs ?? {})
    // The artifact and the bytes have places of their own; checksums are for the record.
    .filter(([name, value]) => name !== 'artifact' && name !== 'bytes' && value.length <= longestOutput)
    .map(([name, value]) => `${name} ${value}`);
  return [renderTransfer(step.durationMs, step.bytes), ...attempts, ...outputs].join(', ');
}

function warningTexts(warnings: readonly string[]): readonly string[] {
  const different = [...new Set(warnings.map(printedLine))];
  const more = different.length - mostWarnings;
  const shown = different.slice(0, mostWarnings);
  return more > 0 ? [...shown, `and ${String(more)} more, see the record`] : shown;
}

/** One line: who was told, who was not, and why. */
function alertTexts(alerts: readonly AlertTold[]): readonly string[] {
  const of = (outcome: AlertTold['outcome']): readonly AlertTold[] =>
    alerts.filter((alert) => alert.outcome === outcome);
  const named = (list: readonly AlertTold[]): string =>
    [...new Set(list.map(({ channel, event }) => `${channel} (${event})`))].join(', ');
  const undelivered = of('undelivered').map(({ channel, event, text }) => `${channel} (${event}: ${text})`);
  const parts = [
    ...(of('delivered').length > 0 ? [`told ${named(of('delivered'))}`] : []),
    ...(of('folded').length > 0 ? [`not again ${named(of('folded'))}`] : []),
    ...(undelivered.length > 0 ? [`not delivered ${undelivered.join(', ')}`] : []),
  ];
  return parts.length === 0 ? [] : [printedLine(parts.join('; '))];
}

function failureTexts({ steps, finished }: Summary): readonly string[] {
  const failed = steps.filter(({ error, outcome }) => outcome === 'failed' && error !== undefined);
  const ofSteps = failed.flatMap(({ step, error }) =>
    error === undefined ? [] : describeError(error, step),
  );
  const runError = finished?.error;
  const isTold = runError === undefined || failed.some(({ step }) => step === finished?.failedStep);
  return isTold ? ofSteps : [...ofSteps, ...describeError(runError, undefined)];
}

function describeError(
  { message, where, hint }: FailureDescription,
  step: string | undefined,
): readonly string[] {
  const place = where === undefined ? '' : ` at ${where}`;
  const head = step === undefined ? [] : [`${step}${place}`];
  const tail = step === undefined && where !== undefined ? [`at ${where}`] : [];
  const text = printedLines(message).filter((line) => line !== '');
  return [...head, ...text, ...tail, ...(hint === undefined ? [] : [`hint: ${printedLine(hint)}`])];
}

/** The title stands before the first text only. */
function titled(title: Text, texts: readonly Text[]): readonly (readonly [title: Text, text: Text])[] {
  return texts.map((text, index) => [index === 0 ? title : '', text]);
}
