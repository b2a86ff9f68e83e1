import process from 'node:process';
import { exitCode, type ExitCode } from '../base/exit-code.ts';
import { exitCodeOf, Failure } from '../base/failure.ts';
import { paragraph, verbatim, type Block } from '../base/terminal/blocks.ts';
import { status } from '../base/terminal/status.ts';
import { drainStandardStreams, type Terminal } from '../base/terminal/terminal.ts';

/**
 * The one place where the process ends. Standard output and error are drained first, so that a pipe's reader gets
 * every line; a reader that went away is no failure.
 */
export async function exit(code: ExitCode): Promise<never> {
  await drainStandardStreams();
  hasEnded = true;
  process.exit(code);
}

let hasEnded = false;

/** Makes red what ends elsewhere and calls itself good: `process.exit()` in a task of the operator's own. */
export function watchForOtherEnds(terminal: Pick<Terminal, 'tell'>): void {
  process.once('exit', (code) => {
    if (hasEnded || code !== 0) return;
    process.exitCode = exitCode.bug;
    const text =
      ' ended before its work was done, as by process.exit() in a task: a task ends by returning or throwing';
    terminal.tell(paragraph([status('failed', 'run-plan:'), text]));
  });
}

/** Tells what went wrong the way it deserves (a `Failure` as text, a bug with its stack) and gives the exit code. */
export function report(error: unknown, terminal: Pick<Terminal, 'tell'>): ExitCode {
  terminal.tell(...(error instanceof Failure ? failureBlocks(error) : bugBlocks(error)));
  return exitCodeOf(error);
}

/** `where message`, the place once, and the hint below it. */
export function failureBlocks({ where, message, hint }: Failure): readonly Block[] {
  const text = where === undefined || message.includes(where) ? message : `${where} ${message}`;
  return [
    paragraph([status('failed', 'run-plan:'), ` ${text}`]),
    ...(hint === undefined ? [] : [paragraph(hint, { indent: 2 })]),
  ];
}

/** A bug with its stack, for whoever reports it. */
export function bugBlocks(error: unknown): readonly Block[] {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [[status('failed', 'run-plan:'), ' this is a bug in run-plan, please report it'], verbatim(stack)];
}
