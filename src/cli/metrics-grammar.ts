import type { Command } from '@commander-js/extra-typings';
import type { CommandHost } from '../task/host.ts';
import { config, json, type Settle } from './options.ts';

/** The grammar of `metrics`. */
export function addMetrics(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('metrics')
    .description(
      'Measures plans for Prometheus: runs by the journals of this host, artifacts by the repositories themselves.',
    )
    .argument('[plan]', 'only this plan')
    .option('--output <file>', 'write them to a file, in one piece, in place of printing them')
    .addOption(json())
    .addOption(config())
    .action(async (plan, options) => {
      const { metricsCommand } = await import('./commands/metrics.ts');
      settle(await metricsCommand(host, plan, options));
    });
}
