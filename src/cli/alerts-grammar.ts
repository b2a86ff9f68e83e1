import type { Command } from '@commander-js/extra-typings';
import { exitCode } from '../base/exit-code.ts';
import type { CommandHost } from '../task/host.ts';
import { config, json, type Settle } from './options.ts';

/** The grammar of `alerts`. */
export function addAlerts(program: Command, host: CommandHost, settle: Settle): void {
  const alerts = program
    .command('alerts')
    .description('Who is told how runs go: lists the channels, and proves that they work.');
  alerts
    .command('list', { isDefault: true })
    .description('Lists the channels of every environment: what they are told, and when they were proven.')
    .addOption(json())
    .addOption(config())
    .action(async (options) => {
      const { alertsListCommand } = await import('./commands/alerts-list.ts');
      settle(await alertsListCommand(host, options));
    });
  alerts
    .command('test')
    .description(
      `Sends a test through every channel, and notes on this host which have proven to work; exits ${String(exitCode.alertFailed)} when one has not.`,
    )
    .argument('[environment]', 'only the channels of this environment')
    .addOption(json())
    .addOption(config())
    .action(async (environment, options) => {
      const { alertsTestCommand } = await import('./commands/alerts-test.ts');
      settle(await alertsTestCommand(host, environment, options));
    });
  alerts
    .command('unit-failed')
    .description('Tells that the systemd unit of a plan failed, unless its run has told so: for OnFailure=.')
    .argument('<plan>')
    .addOption(config())
    .action(async (plan, options) => {
      const { unitFailedCommand } = await import('./commands/alerts-unit-failed.ts');
      settle(await unitFailedCommand(host, plan, options));
    });
}
