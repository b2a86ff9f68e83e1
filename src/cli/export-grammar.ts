import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import type { ExportKind, ExportOptions } from './commands/export.ts';
import type { CommandHost } from '../task/host.ts';
import { config, type Settle } from './options.ts';

const output = (): Option<'--output <folder>'> =>
  new Option('--output <folder>', 'write the files there instead of printing them');
const major = (): Option<'--postgres-major <major>', undefined, undefined, number> =>
  new Option('--postgres-major <major>', "the server's major: only its client is installed").argParser(
    postgresMajor,
  );
const image = (): Option<'--image <image>'> =>
  new Option('--image <image>', 'container image made from the Containerfile, where runs happen');
const npmPackage = (): Option<'--package <package>'> =>
  new Option('--package <package>', 'what npm installs: a version, a tarball, an address');
const awsRole = (): Option<'--aws-role <arn>'> =>
  new Option('--aws-role <arn>', 'role in AWS that runs assume');

/** The grammar of `export`: a command for each scheduler. */
export function addExport(program: Command, host: CommandHost, settle: Settle): void {
  const group = program
    .command('export')
    .description(
      'Writes the files by which another scheduler runs the plans: those named, or every one with a schedule.',
    );
  const write =
    (kind: ExportKind) =>
    async (plans: string[], options: ExportOptions): Promise<void> => {
      const { exportCommand } = await import('./commands/export.ts');
      settle(await exportCommand(host, kind, plans, options));
    };
  const command = (name: string, description: string) =>
    group
      .command(name)
      .description(description)
      .argument('[plans...]', 'only these plans')
      .addOption(output())
      .addOption(config());
  command('cron', 'A crontab.')
    .option('--user <account>', 'for /etc/cron.d, where lines name the account that runs them')
    .option('--mail-to <address>', 'who gets what a failed run printed')
    .action(write('cron'));
  command('github-actions', 'A workflow for each plan.')
    .option('--runner <label>', 'label of the runners', 'ubuntu-24.04')
    .addOption(image())
    .addOption(npmPackage())
    .addOption(major())
    .addOption(awsRole())
    .action(write('github-actions'));
  command('buildkite', 'A pipeline for each plan.')
    .addOption(image())
    .addOption(npmPackage())
    .addOption(major())
    .addOption(awsRole())
    .action(write('buildkite'));
  command('kubernetes', 'One manifest: CronJobs, and the plans as a ConfigMap.')
    .option('--namespace <name>', 'make this namespace, and put everything there')
    .option('--claim <name>', 'PersistentVolumeClaim for records, and for repositories in folders')
    .addOption(image())
    .addOption(awsRole())
    .action(write('kubernetes'));
}

function postgresMajor(text: string): number {
  if (!/^(9|[1-9]\d)$/.test(text)) throw new InvalidArgumentError('it is no major of PostgreSQL: 17');
  return Number(text);
}
