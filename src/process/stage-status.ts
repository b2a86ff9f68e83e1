import { constants } from 'node:os';
import { Failure, type FailureFields } from '../base/failure.ts';
import type { Stage } from './commands.ts';
import type { ExitStatus } from './started-group.ts';
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
  /** Its place in the order in which the stages ended. */
  readonly place: number;
  /** The last lines of its standard error, redacted. */
  readonly lastLines: readonly string[];
}

/**
 * The failure that names every stage that did not end well, the first to break first, or undefined. A stage whose reader
 * had ended before it died of that, which is not told beside another failure.
 */
export function failureOfStages(
  ends: readonly StageEnd[],
  searchPath: string | undefined,
): Failure | undefined {
  const bad = ends.filter(({ stage, status }) => !isTolerated(stage, status));
  const causes = bad.filter((end) => !lostItsReader(end, ends));
  const told = (causes.length > 0 ? causes : bad).toSorted((a, b) => a.place - b.place);
  if (told.length === 0) return undefined;
  const missing = told.find(
    ({ stage, status }) => status === notFound && findProgram(stage.program, searchPath) === undefined,
  );
  if (missing !== undefined) return toolMissing(missing.stage.program);
  const pipe =
    ends.length > 1 ? ` in the pipe ${ends.map(({ stage }) => programName(stage.program)).join(' | ')}` : '';
  const [first] = told;
  return new Failure(
    'command-failed',
    told.map((end) => describeStatus(end.stage.program, endOf(end, ends))).join('; ') + pipe + quote(told),
    {
      ...(first !== undefined && {
        fields: fieldsOf(first.stage.program, endOf(first, ends), first.lastLines),
      }),
    },
  );
}

function lostItsReader(end: StageEnd, ends: readonly StageEnd[]): boolean {
  const reader = ends[ends.indexOf(end) + 1];
  return signalOf(end.status) === 'SIGPIPE' && reader !== undefined && reader.place < end.place;
}

/**
 * bash says 141 of a program that SIGPIPE killed, and of one that exited so, as shells do whose own pipe broke: it was
 * killed where its reader had gone, or where it wrote into a file, which is a FIFO then.
 */
function endOf(end: StageEnd, ends: readonly StageEnd[]): ExitStatus {
  const signal = signalOf(end.status);
  const isOwn = signal === 'SIGPIPE' && !lostItsReader(end, ends) && end.stage.output === undefined;
  return signal === undefined || isOwn ? { code: end.status, signal: null } : { code: null, signal };
}

/** The failure of one program that ended badly, with the last of the lines that it said, redacted. */
export function programFailure(
  program: string,
  status: ExitStatus,
  lines: readonly string[],
  separator = ': ',
): Failure {
  const said = lines.filter((line) => line !== '').slice(-quotedLines);
  const quoted = said.length === 0 ? '' : `${separator}${said.join('\n')}`;
  return new Failure('command-failed', `${describeStatus(program, status)}${quoted}`, {
    fields: fieldsOf(program, status, lines),
    ...(status.code === brokenPipe && { hint: brokenPipeHint }),
  });
}

/** How a shell exits in which a command of a pipe wrote more than its reader wanted. */
const brokenPipe = 141;
const brokenPipeHint =
  '141 is a broken pipe inside it: what stands before `| head` and the like was cut off; end it with `|| [ $? = 141 ]` where that is meant';

/** The failure of a command that its own limit ended. */
export function overran(name: string, limitMs: number | undefined): Failure {
  return new Failure('command-failed', `${name} did not end within ${String(limitMs)} ms`);
}

/** The status as a shell says it: signals as 128 and their number. */
export function statusNumber({ code, signal }: ExitStatus): number {
  return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
}

/** How a program ended, for whoever decides by it. */
export function fieldsOf(program: string, status: ExitStatus, stderr: readonly string[]): FailureFields {
  return {
    program: programName(program),
    stderr: stderr.slice(-keptLines),
    ...(status.code !== null && { exit: status.code }),
    ...(status.signal !== null && { signal: status.signal }),
  };
}

/** `pg_dump exited with 1`, `zstd was killed by SIGKILL`. */
export function describeStatus(program: string, { code, signal }: ExitStatus): string {
  const name = programName(program);
  return signal === null ? `${name} exited with ${String(code)}` : `${name} was killed by ${signal}`;
}

export function programName(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1);
}

function quote(ends: readonly StageEnd[]): string {
  const lines = ends.flatMap(({ lastLines }) => lastLines.slice(-quotedLines));
  return lines.length === 0 ? '' : `: ${lines.join('\n')}`;
}
