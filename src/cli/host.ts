import { describeDamage, type Damage } from '../base/document.ts';
import type { LoadBuilt } from '../task/built-in-tasks.ts';
import { createRedactor, type Redactor } from '../process/secrets/redactor.ts';

/** What the command line is run with: everything a command takes from its process, so that tests can hand it over. */
export interface CommandHost {
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

/** The host of this process. */
export function processHost(taskFolder: string, version: string, loadBuilt: LoadBuilt): CommandHost {
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
    output: process.stdout,
    errorOutput: process.stderr,
    redactor: createRedactor(),
  };
}

/** Prints text for people or data for programs; either way masked. */
export function print(host: CommandHost, text: string): void {
  host.output.write(host.redactor.redact(text));
}

/** Names what is stored and cannot be read, each for itself, on the error output: the listing goes on. */
export function warnOfDamage(host: CommandHost, damaged: readonly Damage[]): void {
  for (const damage of damaged) {
    const text = `run-plan: warning: ${describeDamage(damage)}: ${damage.hint}\n`;
    host.errorOutput.write(host.redactor.redact(text));
  }
}

/** Prints a value as indented JSON. */
export function printJson(host: CommandHost, value: unknown): void {
  print(host, `${JSON.stringify(value, null, 2)}\n`);
}
