import type { EventSink, RunEvent } from '../record/event.ts';
import type { ConsoleOutput } from './console-output.ts';
import { plainLines } from './plain-text.ts';
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

/** Lines for the journal: each with its priority, without the time, which the journal knows. */
export function createJournaldView(output: ConsoleOutput): EventSink {
  const isPrinted = createProgressThrottle();
  return {
    handle: (event) => {
      if (isPrinted(event)) output.write(renderEvent(event));
    },
    close: () => output.flush(),
  };
}

function renderEvent(event: RunEvent): string {
  const statement = stateEvent(event);
  const speaker = statement.step === undefined ? '' : `${statement.step}: `;
  const separator = statement.level === 'output' ? '| ' : '';
  // Each line is an entry of its own, so each needs the priority and the step.
  return linesOfStatement(statement)
    .flatMap(plainLines)
    .filter((line) => line !== '')
    .map((line) => `<${String(priorities[statement.level])}>${speaker}${separator}${line}\n`)
    .join('');
}
