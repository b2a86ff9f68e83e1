import { defined } from '../base/defined.ts';
import { describeDamage, type Damage } from '../base/document.ts';
import { paragraph, type Block } from '../base/terminal/blocks.ts';
import { status } from '../base/terminal/status.ts';
import { openTerminal, standardStreams, type Terminal } from '../base/terminal/terminal.ts';
import type { LoadBuilt } from './built-in-tasks.ts';
import { createRedactor, type Redactor } from '../process/secrets/redactor.ts';

/** What the command line is run with: everything that it takes from its process, so that tests can hand it over. */
export interface ProcessParts {
  readonly version: string;
  /** Folder of the built-in tasks; the launcher knows it, `src` never imports a task. */
  readonly taskFolder: string;
  /** Loads a file of the build; absent: the folder holds the tasks' sources. */
  readonly loadBuilt?: LoadBuilt;
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly errorOutput: NodeJS.WriteStream;
  /** One for the process: what any secret's owner prints is masked in every sink. */
  readonly redactor: Redactor;
}

/** What a command gets of its process. */
export interface CommandHost extends Omit<ProcessParts, 'output' | 'errorOutput'> {
  readonly terminal: Terminal;
}

/** Of this process. */
export function processParts(taskFolder: string, version: string, loadBuilt: LoadBuilt): ProcessParts {
  return {
    version,
    taskFolder,
    loadBuilt,
    environmentVariables: process.env,
    workingFolder: process.cwd(),
    // Opening it takes 2 ms, which only those who read it should pay.
    get input() {
      return process.stdin;
    },
    ...standardStreams(),
    redactor: createRedactor(),
  };
}

/** The streams become the terminal that all is told through. */
export function createHost(parts: ProcessParts): CommandHost {
  const { output, errorOutput, environmentVariables, redactor, loadBuilt } = parts;
  const redact = (text: string): string => redactor.redact(text);
  return {
    version: parts.version,
    taskFolder: parts.taskFolder,
    ...defined({ loadBuilt }),
    environmentVariables,
    workingFolder: parts.workingFolder,
    get input() {
      return parts.input;
    },
    redactor,
    terminal: openTerminal({ output, errorOutput, environment: environmentVariables, redact }),
  };
}

/** Tells people. */
export function print({ terminal }: Pick<CommandHost, 'terminal'>, ...blocks: readonly Block[]): void {
  terminal.print(...blocks);
}

/** Names what is stored and cannot be read, each for itself, on the error output: the listing goes on. */
export function warnOfDamage(host: Pick<CommandHost, 'terminal'>, damaged: readonly Damage[]): void {
  for (const damage of damaged) warn(host, `${describeDamage(damage)}: ${damage.hint}`);
}

/** Prints a value as indented JSON. */
export function printJson({ terminal }: Pick<CommandHost, 'terminal'>, value: unknown): void {
  terminal.json(value);
}

/** Tells what is odd and stops nothing, beside what the command prints. */
export function warn({ terminal }: Pick<CommandHost, 'terminal'>, text: string): void {
  terminal.tell(paragraph(['run-plan: ', status('warning', 'warning:'), ` ${text}`]));
}
