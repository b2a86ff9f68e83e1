import type { Readable, Writable } from 'node:stream';

/**
 * zx's own `$`, bound to an attempt of a step: a command of bash under `set -euo pipefail`, every `${…}` of the template one
 * quoted word. Its process group dies with the attempt, it sees what every program of the step sees, its standard error
 * (and, when verbose, its output) goes into the record line by line, redacted. What it prints stays in memory, at most
 * 16 MiB: bulk bytes go through `commands.pipe`.
 */
export interface Shell {
  (pieces: TemplateStringsArray, ...words: unknown[]): ShellCommand;
  /** A `$` with other options. */
  (options: ShellOptions): Shell;
}

export interface ShellOptions {
  /** Variables that it gets besides. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly input?: string | Uint8Array | Readable;
  /** Limit of its own inside the attempt's: milliseconds, or `30s`, `500ms`. */
  readonly timeout?: number | `${number}s` | `${number}ms` | `${number}m`;
  /** A bad exit is a result. */
  readonly nothrow?: boolean;
  /** Its standard error is not told. */
  readonly quiet?: boolean;
  /** Its output is told, too. */
  readonly verbose?: boolean;
}

/** A command that runs; awaited, its output. */
export interface ShellCommand extends Promise<ShellOutput> {
  /** Into another command. Into a file the shell writes: `> ${file}`. */
  pipe(pieces: TemplateStringsArray, ...words: unknown[]): ShellCommand;
  pipe(command: ShellCommand): ShellCommand;
  /** Empty, unless something is piped or written to it at once. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exitCode: Promise<number | null>;
  nothrow(on?: boolean): this;
  quiet(on?: boolean): this;
  verbose(on?: boolean): this;
  timeout(limit: number | `${number}s`): this;
  kill(signal?: NodeJS.Signals): Promise<void>;
  text(): Promise<string>;
  lines(): Promise<string[]>;
  json(): Promise<unknown>;
}

/** What a command said and how it ended; a bad end is thrown as this. Not redacted. */
export interface ShellOutput extends Error {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ok: boolean;
  text(): string;
  lines(): string[];
  json(): unknown;
}
