import type { EventSink, RunEvent } from '../record/event.ts';
import type { ConsoleOutput } from './console-output.ts';
import { plainLines } from './plain-text.ts';
import { createProgressThrottle } from './progress-throttle.ts';
import { linesOfStatement, stateEvent } from './statement.ts';

/** Plain lines for files, mails and pipes: time in UTC, step, text; further lines of one event are indented. */
export function createLinesView(output: ConsoleOutput): EventSink {
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
  const mark = statement.level === 'warning' ? 'warning: ' : statement.level === 'error' ? 'error: ' : '';
  const speaker = statement.step === undefined ? '' : `${statement.step}: `;
  const separator = statement.level === 'output' ? '| ' : '';
  const [first = '', ...rest] = linesOfStatement(statement).flatMap(plainLines);
  const head = `${event.at.slice(0, 19)}Z ${speaker}${separator}${mark}${first}`;
  return [head, ...rest.filter((line) => line !== '').map((line) => `    ${line}`)]
    .map((line) => `${line}\n`)
    .join('');
}
