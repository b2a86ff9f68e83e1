import { defined } from '../../base/defined.ts';
import type { CommandVariables } from '../../language/command-variables.ts';
import { createCommands } from '../../process/create-commands.ts';
import type { CommandResult } from '../../process/commands.ts';
import { resolveVariables } from '../../process/secrets/variables.ts';
import type { Surroundings } from './sending.ts';

export interface BashOptions {
  readonly input?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What the operator gives it by `env:`. */
  readonly variables?: CommandVariables | undefined;
}

/** Runs an operator's bash, or a program by its words; its process group dies with the signal. @throws Failure `command-failed`, `secret-unavailable` */
export async function runBash(
  command: string | readonly string[],
  { input, environment, variables = {} }: BashOptions,
  { redact, groups, environmentVariables, workingFolder, secrets }: Surroundings,
  signal: AbortSignal,
): Promise<CommandResult> {
  const options = {
    environment: { ...(await resolveVariables(variables, secrets)), ...environment },
    ...defined({ input }),
  };
  const { commands, end } = createCommands({
    signal: () => signal,
    redact,
    groups,
    inherited: environmentVariables,
    cwd: workingFolder,
    onLife: () => undefined,
    onOutput: () => undefined,
  });
  try {
    if (typeof command === 'string') return await commands.shell(command, options);
    const [program = '', ...words] = command;
    return await commands.run(program, words, options);
  } finally {
    await end();
  }
}
