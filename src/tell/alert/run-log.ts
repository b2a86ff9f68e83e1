import { renderDuration } from '../../base/quantity/duration.ts';
import type { RecordedStep, RunRecord } from '../../language/generated/run-record.types.ts';

/** Lines of a failed step's own output. */
const outputLines = 60;

/** The end of a run's log as its record has it: each step's end, the last lines of what failed, warnings, the error. */
export function logOf(record: RunRecord): string {
  const { plan, outcome, exitCode, durationMs, runId, steps, warnings, error } = record;
  const failed = steps.filter((step) => step.outcome === 'failed' || step.outcome === 'cancelled');
  const lines = [
    ...steps.map(stepLine),
    ...failed.flatMap(outputOf),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...(error === undefined ? [] : [`error: ${error.message}`]),
    ...(error?.hint === undefined ? [] : [`hint: ${error.hint}`]),
    `${plan} ${outcome} after ${renderDuration(durationMs)}, exit code ${String(exitCode ?? '-')}, run ${runId}`,
  ];
  return `${lines.join('\n')}\n`;
}

function stepLine({ id, outcome, durationMs, attempts, reason }: RecordedStep): string {
  const tries = attempts > 1 ? `, ${String(attempts)} attempts` : '';
  const why = reason === undefined ? '' : `: ${reason}`;
  return outcome === 'skipped'
    ? `${id} skipped${why}`
    : `${id} ${outcome} in ${renderDuration(durationMs)}${tries}${why}`;
}

function outputOf({ id, output }: RecordedStep): readonly string[] {
  return output.slice(-outputLines).map(({ line }) => `${id} | ${line}`);
}
