import { Failure } from '../../base/failure.ts';
import type { CommandChannel } from '../../language/environment/channel/command.ts';
import { renderJson, templateValues } from './format/json.ts';
import type { AlertMessage } from './message.ts';
import { runBash } from './run-bash.ts';
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

/** `RUN_PLAN_TITLE`, `RUN_PLAN_EVENT` and the like. */
function variablesOf(message: AlertMessage): Readonly<Record<string, string>> {
  const values = Object.entries({ ...templateValues(message), token: message.token ?? '' });
  return Object.fromEntries(
    // No variable holds a NUL.
    values.map(([name, value]) => [`RUN_PLAN_${name.toUpperCase()}`, value.replaceAll('\0', '')]),
  );
}
