import { InvalidArgumentError, Option, type Command } from '@commander-js/extra-typings';
import type { CommandHost } from './host.ts';
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
  group
    .command('cron')
    .description('A crontab.')
    .argument('[plans...]', 'only these plans')
    .option('--user <account>', 'for /etc/cron.d, where lines name the account that runs them')
    .option('--mail-to <address>', 'who gets what a failed run printed')
    .addOption(output())
    .addOption(config())
    .action(async (plans, options) => {
      const { exportCommand } = await import('./commands/export.ts');
      settle(await exportCommand(host, 'cron', plans, options));
    });
  group
    .command('github-actions')
    .description('A workflow for each plan.')
    .argument('[plans...]', 'only these plans')
    .option('--runner <label>', 'label of the runners', 'ubuntu-24.04')
    .addOption(image())
    .addOption(npmPackage())
    .addOption(major())
    .addOption(awsRole())
    .addOption(output())
    .addOption(config())
    .action(async (plans, options) => {
      const { exportCommand } = await import('./commands/export.ts');
      settle(await exportCommand(host, 'github-actions', plans, options));
    });
  group
    .command('buildkite')
    .description('A pipeline for each plan.')
    .argument('[plans...]', 'only these plans')
    .addOption(image())
    .addOption(npmPackage())
    .addOption(major())
    .addOption(awsRole())
    .addOption(output())
    .addOption(config())
    .action(async (plans, options) => {
      const { exportCommand } = await import('./commands/export.ts');
      settle(await exportCommand(host, 'buildkite', plans, options));
    });
  group
    .command('kubernetes')
    .description('One manifest: CronJobs, and the plans as a ConfigMap.')
    .argument('[plans...]', 'only these plans')
    .option('--namespace <name>', 'make this namespace, and put everything there')
    .option('--claim <name>', 'PersistentVolumeClaim for records, and for repositories in folders')
    .addOption(image())
    .addOption(awsRole())
    .addOption(output())
    .addOption(config())
    .action(async (plans, options) => {
      const { exportCommand } = await import('./commands/export.ts');
      settle(await exportCommand(host, 'kubernetes', plans, options));
    });
}

function postgresMajor(text: string): number {
  if (!/^(9|[1-9]\d)$/.test(text)) throw new InvalidArgumentError('it is no major of PostgreSQL: 17');
  return Number(text);
}
