import { InvalidArgumentError, type Command } from '@commander-js/extra-typings';
import type { CommandHost } from '../task/host.ts';
import { config, json, logFormat, wholeNumber, type Settle } from './options.ts';

const mostJobs = 64;

/** `run-plan restore`. */
export function addRestore(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('restore')
    .summary('restore an artifact; on a terminal it asks what it needs')
    .description(
      'Restores an artifact, or a dump on this host, into a database: a new one unless another is named. On a terminal it asks for what is not said; without one, say --from, --to and --yes.',
    )
    .option('--from <environment>', 'whose repository holds the artifact')
    .option(
      '--artifact <which>',
      "latest, a name, a time (the newest before it), or a dump's path (default: latest)",
    )
    .option('--to <environment>', 'where to restore (default: where the artifact is from)')
    .option('--database <name>', 'database to restore into (default: a new one, NAME_restored_TIME)')
    .option('--jobs <number>', 'tables and indexes at a time, or auto', jobs)
    .option('--only-schema <name...>', 'only these schemas')
    .option('--only-table <name...>', 'only these tables, without their indexes and constraints')
    .option('--schema-only', 'definitions without rows')
    .option('--data-only', 'rows without definitions, into tables that are there')
    .option('--roles', "create the artifact's roles that are missing, without passwords")
    .option('--single-transaction', 'all or nothing, by one process')
    .option('--replace', 'restore over tables that are there: they are dropped first')
    .option('--same-server', 'allow the server that the artifact was dumped from')
    .option('--allow-create-in-dump', 'allow a dump that creates a database')
    .option('--resume', 'go on with an unfinished restore')
    .option('--no-compare', 'do not hold the restored tables against the artifact afterwards')
    .option('--list', 'list what can be restored and stop')
    .option('--dry-run', 'show what would happen, look at the target, write nothing')
    .option('--yes [environment]', 'confirm; a protected environment wants its name')
    .addOption(logFormat())
    .addOption(json().default(undefined))
    .addOption(config())
    .action(async (options) => {
      const { restoreCommand } = await import('./commands/restore.ts');
      settle(await restoreCommand(host, options));
    });
}

function jobs(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const number = wholeNumber(text);
  if (number > mostJobs) throw new InvalidArgumentError(`more than ${mostJobs} at a time help nobody`);
  return number;
}
