import type { EventSink, RunEvent } from '../record/event.ts';
import type { ConsoleOutput } from '../../base/terminal/console.ts';
import { printedLines } from '../../base/terminal/visible.ts';
import { createProgressThrottle } from './progress-throttle.ts';
import { linesOfStatement, stateEvent, type StatementLevel } from './statement.ts';

/** Priorities of sd-daemon(3): what `journalctl -p warning` shows is what an operator must read. */
const priorities: Readonly<Record<StatementLevel, number>> = {
  error: 3,
  warning: 4,
  notice: 5,
  info: 6,
  output: 6,
};

/**
 * Lines for the journal: each with its priority, its run and its step, without the time, which the journal knows. A run's id
 * begins with its plan. The journal gives a line no fields of ours, so that whoever ships it takes them from its beginning:
 * `RUN STEP: text`, or `RUN: text`.
 */
export function createJournaldView(output: ConsoleOutput): EventSink {
  const isPrinted = createProgressThrottle();
  let runId: string | undefined;
  return {
    handle: (event) => {
      if (event.type === 'run-started') runId = event.runId;
      if (isPrinted(event)) output.write(renderEvent(event, runId));
    },
    close: () => output.flush(),
  };
}

function renderEvent(event: RunEvent, runId: string | undefined): string {
  const statement = stateEvent(event);
  const names = [runId, statement.step].filter((name) => name !== undefined);
  const speaker = names.length === 0 ? '' : `${names.join(' ')}: `;
  const separator = statement.level === 'output' ? '| ' : '';
  // Each line is an entry of its own, so each needs the priority and the names.
  return linesOfStatement(statement)
    .flatMap(printedLines)
    .filter((line) => line !== '')
    .map((line) => `<${String(priorities[statement.level])}>${speaker}${separator}${line}\n`)
    .join('');
}
