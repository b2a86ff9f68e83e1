import { Option, type Command } from '@commander-js/extra-typings';
import { exitCode } from '../base/exit-code.ts';
import type { CommandHost } from '../task/host.ts';
import { config, json, type Settle } from './options.ts';

/** Options of every command that looks at installed units. */
export const user = (): Option<'--user'> =>
  new Option('--user', "the units of this account, not the system's");
export const unitRoot = (): Option<'--root <folder>'> =>
  new Option('--root <folder>', 'the units of a host that does not run: below this folder');

/** The grammar of `timers`. */
export function addTimers(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('timers')
    .description(
      'Shows when each plan runs next and ran last, the state of its systemd units, and where these differ from the plans.',
    )
    .argument('[plan]', 'only this plan, with its schedule in words and its next five runs')
    .option(
      '--check',
      `exit ${String(exitCode.objectiveMissed)} when a timer is not as its plan says, or a last run failed`,
    )
    .addOption(user())
    .addOption(unitRoot())
    .addOption(json())
    .addOption(config())
    .action(async (plan, options) => {
      const { timersCommand } = await import('./commands/timers.ts');
      settle(await timersCommand(host, plan, options));
    });
}
