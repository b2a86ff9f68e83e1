import { defined } from '../../base/defined.ts';
import { Failure } from '../../base/failure.ts';
import type { CommandVariables } from '../../language/command-variables.ts';
import type { CommandChannel } from '../../language/environment/alert.ts';
import { createCommands } from '../../process/create-commands.ts';
import type { CommandResult } from '../../process/commands.ts';
import { resolveVariables } from '../../process/secrets/variables.ts';
import { renderJson, templateValues } from './format/json.ts';
import type { AlertMessage } from './message.ts';
import { sendWithin, type Sent, type Surroundings } from './sending.ts';

/** Hands a message to a program: as JSON on its standard input, and in variables. Its exit status says whether it took it. Never rejects. */
export function sendCommand(
  channel: CommandChannel,
  message: AlertMessage,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Sent> {
  const { command } = channel;
  return sendWithin(channel.timeoutMs, surroundings, signal, async (ends) => {
    const input = `${JSON.stringify(renderJson(message))}\n`;
    try {
      const { stdout } = await runBash(
        command.kind === 'run' ? command.script : command.argv,
        { input, environment: variablesOf(message), variables: channel.variables },
        surroundings,
        ends,
      );
      const echoed = message.token !== undefined && stdout.includes(message.token);
      return { ok: true, text: echoed ? 'exit 0, it printed the token' : 'exit 0' };
    } catch (error) {
      ends.throwIfAborted();
      if (error instanceof Failure)
        return { ok: false, text: error.message, mayPass: error.code === 'command-failed' };
      throw error;
    }
  });
}

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

/** `RUN_PLAN_TITLE`, `RUN_PLAN_EVENT` and the like. */
function variablesOf(message: AlertMessage): Readonly<Record<string, string>> {
  const values = Object.entries({ ...templateValues(message), token: message.token ?? '' });
  return Object.fromEntries(
    // No variable holds a NUL.
    values.map(([name, value]) => [`RUN_PLAN_${name.toUpperCase()}`, value.replaceAll('\0', '')]),
  );
}
