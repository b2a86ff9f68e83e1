import type { EventSink, RunEvent, RunStarted } from '../record/event.ts';
import type { ConsoleOutput } from '../../base/terminal/console.ts';
import { printedLine, printedLines } from '../../base/terminal/visible.ts';
import { createProgressThrottle } from './progress-throttle.ts';
import { linesOfStatement, stateEvent, type Statement } from './statement.ts';

/**
 * Lines for GitHub Actions: a group for each step, annotations for warnings and errors, at the plan's own line where an
 * error knows it. What steps print can neither open groups nor set variables.
 */
export function createGithubView(output: ConsoleOutput): EventSink {
  const isPrinted = createProgressThrottle();
  let names = new Map<string, string>();
  let open: string | undefined;

  const closeGroup = (): void => {
    if (open !== undefined) output.write('::endgroup::\n');
    open = undefined;
  };
  return {
    handle: (event) => {
      if (event.type === 'run-started') names = namesOf(event);
      if (!isPrinted(event)) return;
      const statement = stateEvent(event);
      const annotation = renderAnnotation(event, statement);
      if (statement.step !== undefined && statement.step !== open) closeGroup();
      if (statement.step !== undefined && open === undefined && annotation === undefined) {
        open = statement.step;
        output.write(`::group::${escapeData(printedLine(names.get(open) ?? open))}\n`);
      }
      const isEnd = event.type === 'step-finished' || event.type === 'run-finished';
      if (annotation === undefined) output.write(renderLines(statement));
      if (isEnd) closeGroup();
      // After the end of its group, because in a closed one it would be hidden in the log.
      if (annotation !== undefined) output.write(annotation);
    },
    close: () => {
      closeGroup();
      return output.flush();
    },
  };
}

function namesOf({ steps }: RunStarted): Map<string, string> {
  return new Map(steps.map(({ id, name }) => [id, name]));
}

function renderLines(statement: Statement): string {
  const indent = statement.level === 'output' ? '| ' : '';
  return linesOfStatement(statement)
    .flatMap(printedLines)
    .filter((line) => line !== '')
    .map((line) => `${indent}${line}\n`)
    .join('');
}

/** The command that marks a warning or an error, which the log shows as a line too; undefined for anything else. */
function renderAnnotation(event: RunEvent, statement: Statement): string | undefined {
  if (statement.level !== 'warning' && statement.level !== 'error') return undefined;
  // The run's own end repeats the failure of its step, which is annotated already.
  if (event.type === 'run-finished' && event.outcome === 'failed') return undefined;
  const properties = [
    ...placeOf(statement.where),
    ...(statement.step === undefined ? [] : [['title', statement.step]]),
  ];
  const text = linesOfStatement(statement).flatMap(printedLines).join('\n');
  const rendered = properties.map(([name = '', value = '']) => `${name}=${escapeProperty(value)}`).join(',');
  return `::${statement.level}${rendered === '' ? '' : ` ${rendered}`}::${escapeData(text)}\n`;
}

function placeOf(where: string | undefined): readonly (readonly string[])[] {
  const match = /^(?<file>[^:]+\.ya?ml):(?<line>\d+)(?::(?<column>\d+))?$/.exec(where ?? '');
  if (match?.groups === undefined) return [];
  const { file = '', line = '', column } = match.groups;
  return [['file', file], ['line', line], ...(column === undefined ? [] : [['col', column]])];
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
