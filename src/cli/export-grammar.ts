import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { schedulers } from '../place/export/schedulers.ts';
import type { CommandHost } from '../task/host.ts';
import type { ExportFlags } from './commands/export.ts';
import { config, type Settle } from './options.ts';

/** The grammar of `export`: a command for each scheduler. */
export function addExport(program: Command, host: CommandHost, settle: Settle): void {
  const group = program
    .command('export')
    .description(
      'Writes the files by which another scheduler runs the plans: those named, or every one with a schedule.',
    );
  for (const scheduler of schedulers) {
    const command = group
      .command(scheduler.name)
      .description(scheduler.description)
      .argument('[plans...]', 'only these plans')
      .option('--output <folder>', 'write the files there instead of printing them')
      .addOption(config());
    for (const { flags, description, default: usual, mistake } of scheduler.options) {
      const option = new Option(flags, description).default(usual);
      command.addOption(mistake === undefined ? option : option.argParser(refusing(mistake)));
    }
    command.action(async (plans: string[], options: ExportFlags) => {
      const { exportCommand } = await import('./commands/export.ts');
      settle(await exportCommand(host, scheduler, plans, options));
    });
  }
}

function refusing(mistake: (text: string) => string | undefined): (text: string) => string {
  return (text) => {
    const reason = mistake(text);
    if (reason !== undefined) throw new InvalidArgumentError(reason);
    return text;
  };
}
