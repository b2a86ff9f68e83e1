import process from 'node:process';
import { render, type Block } from './blocks.ts';
import type { Surface } from './text.ts';
import { visibleDocument, visibleJson } from './visible.ts';

export type ColourChoice = 'auto' | 'always' | 'never';

export interface TerminalOptions {
  readonly output: NodeJS.WriteStream;
  readonly errorOutput: NodeJS.WriteStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Masks secrets, in whole texts. */
  readonly redact: (text: string) => string;
}

/**
 * The one door to what people and programs read of this process. What is told is blocks, so that nothing from outside
 * reaches a terminal or a log raw, breaks a line where it must not, or goes out unmasked.
 */
export interface Terminal {
  /** Tells on standard output. */
  print(...blocks: readonly Block[]): void;
  /** Tells on standard error: failures, warnings, what stands beside data for programs. */
  tell(...blocks: readonly Block[]): void;
  /** A value as indented JSON on standard output, without colour. */
  json(value: unknown): void;
  /** A whole document for programs on standard output: lines stay, what steers a terminal is made visible. */
  document(text: string): void;
  /** As `--color` says; until then `auto`. */
  chooseColour(choice: ColourChoice): void;
  /** The streams themselves, for libraries that draw, and how texts get onto them. */
  readonly output: TerminalSide;
  readonly errorOutput: TerminalSide;
}

export interface TerminalSide {
  readonly stream: NodeJS.WriteStream;
  readonly surface: Surface;
}

export function openTerminal({ output, errorOutput, environment, redact }: TerminalOptions): Terminal {
  let choice: ColourChoice = 'auto';
  const side = (stream: NodeJS.WriteStream): TerminalSide => ({
    stream,
    // Asked anew each time: a window changes its width.
    get surface() {
      const width = widthOf(stream, environment);
      return { width, colour: usesColour(choice, stream.isTTY, environment), redact };
    },
  });
  const sides = { output: side(output), errorOutput: side(errorOutput) };
  const write = ({ stream, surface }: TerminalSide, blocks: readonly Block[]): void => {
    stream.write(render(blocks, surface));
  };
  return {
    ...sides,
    print: (...blocks) => {
      write(sides.output, blocks);
    },
    tell: (...blocks) => {
      write(sides.errorOutput, blocks);
    },
    json: (value) => {
      output.write(visibleJson(redact(`${JSON.stringify(value, null, 2)}\n`)));
    },
    document: (text) => {
      output.write(visibleDocument(redact(text)));
    },
    chooseColour: (chosen) => {
      choice = chosen;
      tellLibraries(chosen);
    },
  };
}

/** Columns of a terminal: as COLUMNS says, as the terminal says, or 80; undefined for anything else. */
export function widthOf(
  { isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>,
  environment: TerminalOptions['environment'],
): number | undefined {
  if (!isTTY) return undefined;
  const said = Number(environment['COLUMNS']);
  if (Number.isSafeInteger(said) && said > 0) return said;
  return columns > 0 ? columns : 80;
}

/** NO_COLOR (https://no-color.org) goes before FORCE_COLOR, and both before what the output is. */
export function usesColour(
  choice: ColourChoice,
  isTTY: boolean,
  environment: TerminalOptions['environment'],
): boolean {
  if (choice !== 'auto') return choice === 'always';
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTTY && environment['TERM'] !== 'dumb';
}

/** The tree of a run and the prompts decide by the process's own variables when they draw. */
function tellLibraries(choice: ColourChoice): void {
  if (choice === 'auto') return;
  delete process.env['NO_COLOR'];
  delete process.env['FORCE_COLOR'];
  process.env[choice === 'always' ? 'FORCE_COLOR' : 'NO_COLOR'] = '1';
}

/** The streams of this process. */
export function standardStreams(): Pick<TerminalOptions, 'output' | 'errorOutput'> {
  return { output: process.stdout, errorOutput: process.stderr };
}

/** Resolves when what was written has left, or never can: a reader that went away is no failure. */
export async function drainStandardStreams(): Promise<void> {
  await Promise.all([drain(process.stdout), drain(process.stderr)]);
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
