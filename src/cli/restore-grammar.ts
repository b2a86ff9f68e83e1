import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import { mostJobs, privilegeModes, wishOptions, type RestoreFlags } from '../recovery/wish-options.ts';
import type { CommandHost } from '../task/host.ts';
import { config, json, logFormat, wholeNumber, type Settle } from './options.ts';

/** `run-plan restore`. */
export function addRestore(program: Command, host: CommandHost, settle: Settle): void {
  const command = program
    .command('restore')
    .summary('restore an artifact; on a terminal it asks what it needs')
    .description(
      'Restores an artifact, or a dump on this host, into a database: a new one unless another is named. On a terminal it asks for what is not said; without one, say --from, --to and --yes.',
    );
  for (const { flags, description, kind } of Object.values(wishOptions)) {
    const option = new Option(flags, description);
    if (kind === 'privileges') option.choices(privilegeModes);
    command.addOption(kind === 'jobs' ? option.argParser(jobs) : option);
  }
  command
    .addOption(logFormat())
    .addOption(json().default(undefined))
    .addOption(config())
    .action(async (options) => {
      const { restoreCommand } = await import('./commands/restore.ts');
      // The grammar is made from the rows that the type is made from.
      settle(await restoreCommand(host, options as RestoreFlags));
    });
}

function jobs(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const number = wholeNumber(text);
  if (number > mostJobs) throw new InvalidArgumentError(`more than ${mostJobs} at a time help nobody`);
  return number;
}
