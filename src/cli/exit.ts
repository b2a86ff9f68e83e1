import process from 'node:process';
import type { ExitCode } from '../base/exit-code.ts';
import { exitCodeOf, Failure } from '../base/failure.ts';

/**
 * The one place where the process ends. Standard output and error are drained first, so that a pipe's reader gets
 * every line; a reader that went away is no failure.
 */
export async function exit(code: ExitCode): Promise<never> {
  await Promise.all([drain(process.stdout), drain(process.stderr)]);
  process.exit(code);
}

/** Prints what went wrong the way it deserves (a `Failure` as text, a bug with its stack) and gives the exit code. */
export function report(error: unknown, write: (text: string) => void): ExitCode {
  if (error instanceof Failure) {
    write(renderFailure(error));
    return error.exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  write(`run-plan: this is a bug in run-plan, please report it\n${stack}\n`);
  return exitCodeOf(error);
}

/** `where message` and the hint below it. */
export function renderFailure(failure: Failure): string {
  const where = failure.where === undefined ? '' : `${failure.where} `;
  const hint = failure.hint === undefined ? '' : `  ${failure.hint}\n`;
  return `run-plan: ${where}${failure.message}\n${hint}`;
}

/** How long a reader that neither reads nor goes away may hold the exit, milliseconds. */
const drainLimitMs = 2000;

async function drain(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, drainLimitMs);
    const done = (): void => {
      clearTimeout(limit);
      resolve();
    };
    stream.once('error', done);
    stream.write('', done);
  });
}
