import { InvalidArgumentError, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { ExitCode } from '../base/exit-code.ts';
import type { ColourChoice } from '../base/terminal/terminal.ts';
import type { CommandHost } from '../task/host.ts';

/** Receives the exit code of the command that ran. */
export type Settle = (code: ExitCode) => void;

/** Options that several commands have, each made anew for every command. */
export const config = (): Option<'--config <file>'> =>
  new Option('--config <file>', 'settings file instead of the one found');
export const logFormat = () =>
  new Option('--log-format <format>', 'how the run is shown').choices([
    'auto',
    'terminal',
    'lines',
    'journald',
    'github',
    'json',
  ] as const);
export const json = (): Option<'--json'> => new Option('--json', 'print data instead of text');

/** `--color` of every command, before its name or after it: it holds as soon as it is read. */
export function addColour(command: CommandUnknownOpts, host: CommandHost): void {
  const choices: readonly ColourChoice[] = ['auto', 'always', 'never'];
  const option = new Option('--color <when>', 'when to use colour').choices(choices);
  command.addOption(option).on('option:color', (when: ColourChoice) => {
    host.terminal.chooseColour(when);
  });
  for (const each of command.commands) addColour(each, host);
}

/** A count of one or more. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('it is not a whole number above 0');
  return number;
}
