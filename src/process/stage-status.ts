import { constants } from 'node:os';
import { Failure, type FailureFields } from '../base/failure.ts';
import type { Stage } from './commands.ts';
import { findProgram, toolMissing } from './tool.ts';

/** Lines of a stage's standard error that its failure quotes. */
const quotedLines = 10;

/** Lines of a program's standard error that are kept, and that its failure carries. */
export const keptLines = 50;

/** How bash says that a program was not found. */
const notFound = 127;

/** Name of the signal behind a shell's exit status above 128, or undefined. */
export function signalOf(status: number): NodeJS.Signals | undefined {
  const found = Object.entries(constants.signals).find(([, number]) => number === status - 128);
  return found?.[0] as NodeJS.Signals | undefined;
}

/** Whether a stage ended well: 0, or a status or signal that it tolerates. */
export function isTolerated(stage: Stage, status: number): boolean {
  if (status === 0) return true;
  const signal = signalOf(status);
  if ((stage.tolerate ?? []).some((accepted) => accepted === status || accepted === signal)) return true;
  return stage.acceptExit?.(status) ?? false;
}

export interface StageEnd {
  readonly stage: Stage;
  readonly status: number;
  /** The last lines of its standard error, redacted. */
  readonly lastLines: readonly string[];
}

/**
 * The failure that names every stage that did not end well, or undefined. A SIGPIPE beside another failure is its
 * consequence and not told.
 */
export function failureOfStages(
  ends: readonly StageEnd[],
  searchPath: string | undefined,
): Failure | undefined {
  const bad = ends.filter(({ stage, status }) => !isTolerated(stage, status));
  const causes = bad.filter(({ status }) => signalOf(status) !== 'SIGPIPE');
  const told = causes.length > 0 ? causes : bad;
  if (told.length === 0) return undefined;
  const missing = told.find(
    ({ stage, status }) => status === notFound && findProgram(stage.program, searchPath) === undefined,
  );
  if (missing !== undefined) return toolMissing(missing.stage.program);
  const pipe =
    ends.length > 1 ? ` in the pipe ${ends.map(({ stage }) => programName(stage.program)).join(' | ')}` : '';
  const [first] = told;
  return new Failure('command-failed', told.map((end) => describeEnd(end)).join('; ') + pipe + quote(told), {
    ...(first !== undefined && { fields: fieldsOf(first.stage.program, first.status, first.lastLines) }),
  });
}

/** The failure of one program that ended badly, with the last of the lines that it said, redacted. */
export function programFailure(program: string, status: number, lines: readonly string[]): Failure {
  const said = lines.filter((line) => line !== '').slice(-quotedLines);
  return new Failure(
    'command-failed',
    `${describeStatus(program, status)}${said.length === 0 ? '' : `: ${said.join('\n')}`}`,
    {
      fields: fieldsOf(program, status, lines),
    },
  );
}

/** How a program ended, for whoever decides by it. */
export function fieldsOf(program: string, status: number, stderr: readonly string[]): FailureFields {
  const signal = signalOf(status);
  return {
    program: programName(program),
    stderr: stderr.slice(-keptLines),
    ...(signal === undefined ? { exit: status } : { signal }),
  };
}

/** `pg_dump exited with 1`, `zstd was killed by SIGKILL`. */
export function describeStatus(program: string, status: number): string {
  const signal = signalOf(status);
  const name = programName(program);
  return signal === undefined ? `${name} exited with ${String(status)}` : `${name} was killed by ${signal}`;
}

export function programName(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1);
}

function describeEnd({ stage, status }: StageEnd): string {
  return describeStatus(stage.program, status);
}

function quote(ends: readonly StageEnd[]): string {
  const lines = ends.flatMap(({ lastLines }) => lastLines.slice(-quotedLines));
  return lines.length === 0 ? '' : `: ${lines.join('\n')}`;
}
