import { styleText } from 'node:util';
import type { FailureDescription } from '../../base/failure.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import type { AlertTold, Outcome, RunEvent, RunFinished, RunStarted, StepFinished } from '../record/event.ts';
import { plainLine, plainLines } from './plain-text.ts';
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

export interface SummaryOptions {
  /** Where the run record lies. */
  readonly record?: string;
  readonly colour?: boolean;
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
 * Renders the one screen after a run: outcome, artifact, each step with bytes and time, warnings, what failed and why,
 * where the record is. Ends in a newline; empty when no run has started.
 */
export function renderSummary(summary: Summary, options: SummaryOptions = {}): string {
  const { started, finished } = summary;
  if (started === undefined) return '';
  const paint = painter(options.colour ?? false);
  const rows = [
    ...artifactRows(summary),
    ...stepRows(summary, paint),
    ...warningRows(summary.warnings),
    ...failureRows(summary),
    ...alertRows(summary.alerts),
    ...(options.record === undefined ? [] : [['record', options.record] as const]),
  ];
  const titleWidth = Math.max(0, ...rows.map(([title]) => title.length));
  const body = rows.map(([title, text]) => `  ${title.padEnd(titleWidth)}  ${text}`.trimEnd());
  return `${[headline(started, finished, paint), ...body].join('\n')}\n`;
}

type Row = readonly [title: string, text: string];
type Paint = (outcome: Outcome, text: string) => string;

function painter(colour: boolean): Paint {
  const colours = { succeeded: 'green', failed: 'red', skipped: 'yellow', cancelled: 'yellow' } as const;
  return (outcome, text) => (colour ? styleText(colours[outcome], text, { validateStream: false }) : text);
}

function headline(started: RunStarted, finished: RunFinished | undefined, paint: Paint): string {
  if (finished === undefined) return `${started.plan} has not finished`;
  const code = finished.exitCode === 0 ? '' : `, exit code ${String(finished.exitCode)}`;
  const outcome = paint(finished.outcome, finished.outcome);
  const preposition = finished.outcome === 'succeeded' ? 'in' : 'after';
  return `${started.plan} ${outcome} ${preposition} ${renderDuration(finished.durationMs)}${code}`;
}

function artifactRows({ steps }: Summary): readonly Row[] {
  const names = steps.flatMap(({ outputs }) => outputs?.['artifact'] ?? []);
  return titled('artifact', [...new Set(names)].map(plainLine));
}

function stepRows({ started, steps }: Summary, paint: Paint): readonly Row[] {
  const idWidth = Math.max(0, ...steps.map(({ step }) => step.length));
  const outcomeWidth = Math.max(0, ...steps.map(({ outcome }) => outcome.length));
  const unfinished = (started?.steps.length ?? 0) - steps.length;
  const rows = steps.map((step) => {
    const outcome = paint(step.outcome, step.outcome.padEnd(outcomeWidth));
    return `${step.step.padEnd(idWidth)}  ${outcome}  ${stepDetails(step)}`;
  });
  return titled('steps', unfinished > 0 ? [...rows, `and ${String(unfinished)} that never began`] : rows);
}

function stepDetails(step: StepFinished): string {
  if (step.outcome === 'skipped' || step.outcome === 'cancelled') return plainLine(step.reason ?? '');
  const attempts = step.attempts > 1 ? [`${String(step.attempts)} attempts`] : [];
  const outputs = Object.entries(step.outputs ?? {})
    // The artifact and the bytes have places of their own; checksums are for the record.
    .filter(([name, value]) => name !== 'artifact' && name !== 'bytes' && value.length <= longestOutput)
    .map(([name, value]) => `${name} ${plainLine(value)}`);
  return [renderTransfer(step.durationMs, step.bytes), ...attempts, ...outputs].join(', ');
}

function warningRows(warnings: readonly string[]): readonly Row[] {
  const different = [...new Set(warnings.map(plainLine))];
  const more = different.length - mostWarnings;
  const shown = different.slice(0, mostWarnings);
  return titled('warnings', more > 0 ? [...shown, `and ${String(more)} more, see the record`] : shown);
}

/** One line: who was told, who was not, and why. */
function alertRows(alerts: readonly AlertTold[]): readonly Row[] {
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
  return parts.length === 0 ? [] : [['alerts', plainLine(parts.join('; '))]];
}

function failureRows({ steps, finished }: Summary): readonly Row[] {
  const failed = steps.filter(({ error, outcome }) => outcome === 'failed' && error !== undefined);
  const ofSteps = failed.flatMap(({ step, error }) =>
    error === undefined ? [] : describeError(error, step),
  );
  const runError = finished?.error;
  const isTold = runError === undefined || failed.some(({ error }) => error?.message === runError.message);
  return titled('failed', isTold ? ofSteps : [...ofSteps, ...describeError(runError, undefined)]);
}

function describeError(
  { message, where, hint }: FailureDescription,
  step: string | undefined,
): readonly string[] {
  const place = where === undefined ? '' : ` at ${where}`;
  const head = step === undefined ? [] : [`${step}${place}`];
  const tail = step === undefined && where !== undefined ? [`at ${where}`] : [];
  const text = plainLines(message).filter((line) => line !== '');
  return [...head, ...text, ...tail, ...(hint === undefined ? [] : [`hint: ${plainLine(hint)}`])];
}

/** The title stands before the first text only. */
function titled(title: string, texts: readonly string[]): readonly Row[] {
  return texts.map((text, index) => [index === 0 ? title : '', text]);
}
