import { paragraph, plainSurface, render } from '../../base/terminal/blocks.ts';
import type { ConsoleOutput } from '../../base/terminal/console.ts';
import { status } from '../../base/terminal/status.ts';
import type { Surface } from '../../base/terminal/text.ts';
import { printedLines } from '../../base/terminal/visible.ts';
import type { EventSink, RunEvent } from '../record/event.ts';
import { createProgressThrottle } from './progress-throttle.ts';
import { linesOfStatement, stateEvent } from './statement.ts';

/** Plain lines for files, mails and pipes: time in UTC, step, text; what follows of one event is indented. */
export function createLinesView(output: ConsoleOutput, surface: Surface = plainSurface): EventSink {
  const isPrinted = createProgressThrottle();
  return {
    handle: (event) => {
      if (isPrinted(event)) output.write(renderEvent(event, surface));
    },
    close: () => output.flush(),
  };
}

function renderEvent(event: RunEvent, surface: Surface): string {
  const statement = stateEvent(event);
  const { level, step } = statement;
  const speaker = step === undefined ? '' : `${step}: `;
  const separator = level === 'output' ? '| ' : '';
  const mark = level === 'warning' || level === 'error' ? [status(level, `${level}: `)] : [];
  const text = linesOfStatement(statement).flatMap(printedLines).join('\n');
  const head = `${event.at.slice(0, 19)}Z ${speaker}${separator}`;
  return render([paragraph([head, ...mark, text], { hang: 4 })], surface);
}
