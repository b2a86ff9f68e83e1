import type { Readable } from 'node:stream';
import type { Shell } from './shell.ts';

/** One program of a pipe. Secrets go into `environment`, never into `arguments`. */
export interface Stage {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Of the last stage: the file that its output goes to; at a FIFO it waits for the reader. */
  readonly output?: string;
  /** What it leaves of its input is read to the end, so that the stages before it write all of theirs. */
  readonly drains?: true;
  /**
   * Exit codes and signals that are no failure of this stage, beside 0: e.g. `['SIGPIPE']` for a writer whose reader
   * has seen enough.
   */
  readonly tolerate?: readonly (number | NodeJS.Signals)[];
  /** Asked of any other exit status, after its last line was told: whether it is no failure. */
  readonly acceptExit?: (status: number) => boolean;
  /** Called with each complete line of its standard error, redacted. */
  readonly onErrorLine?: (line: string) => void;
}

export interface PipeOptions {
  /** Feeds the first stage; absent: it reads nothing. */
  readonly input?: Readable;
  readonly cwd?: string;
}

/** Programs joined by operating system pipes in one process group. */
export interface RunningPipe {
  /** Standard output of the last stage. Must be consumed. */
  readonly output: Readable;
  /** Resolves when every stage exited well; rejects with a Failure `command-failed` naming the stages that did not, with the last lines of their standard error. */
  readonly done: Promise<void>;
  /** Kills the process group: SIGTERM, then SIGKILL after two seconds. Resolves when all are gone. */
  kill(): Promise<void>;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * How anything here starts a program: bound to the attempt's signal (the whole process group dies with it), to the
 * redactor, and to the runner's guard, which ends orphans when run-plan itself is killed.
 */
export interface Commands {
  /** Starts the stages as one pipe; bulk bytes pass between them without Node. */
  pipe(stages: readonly Stage[], options?: PipeOptions): RunningPipe;
  /** One program, started without a shell, whose output fits in memory (1 MiB is kept): where its failure is to name it. @throws Failure `command-failed`, `tool-missing` */
  run(program: string, programArguments: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** For short commands and pipes of text: zx's own, loaded when it is first asked for. */
  readonly $: Shell;
  /** The operator's bash (`run:` steps), through zx under `set -euo pipefail`; output line by line to the reporter. */
  shell(script: string, options?: CommandOptions): Promise<CommandResult>;
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly input?: string;
  /** Exit codes that are results, not failures; `[0]` unless said. */
  readonly accept?: readonly number[];
  /** Limit of its own, milliseconds, inside the attempt's. */
  readonly timeoutMs?: number;
}
