import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { exitCode, type ExitCode } from '../exit-code.ts';
import type { CommandHost } from './host.ts';

const exitCodeHelp = `
Exit codes: 0 done, 1 bug, 2 usage, 10 plan invalid, 11 environment, secret or tool missing, 12 locked,
20 step failed, 21 check failed, 22 objective missed or difference found, 23 an alert failed, 130 and 143 interrupted.`;

/**
 * The command line's grammar. Each action imports its command when it is called, so that `--help` loads no more than
 * this file. `settle` receives the exit code of the command that ran.
 */
export function buildProgram(host: CommandHost, settle: (code: ExitCode) => void): Command {
  const program = new Command('run-plan')
    .description('Runs backups, restores and restore drills that are declared as YAML plans.')
    .usage('<plan> [options]\n       run-plan <command> [options]')
    .version(host.version, '-V, --version')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', exitCodeHelp)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.output.write(text),
      writeErr: (text) => host.errorOutput.write(text),
    });
  addRun(program, host, settle);
  addValidate(program, host, settle);
  addListings(program, host, settle);
  addRestore(program, host, settle);
  addEvidence(program, host, settle);
  addChanges(program, host, settle);
  return program;
}

/** As the schema of postgres-restore has it. */
const mostJobs = 64;

type Settle = (code: ExitCode) => void;

const config = (): Option<'--config <file>'> =>
  new Option('--config <file>', 'settings file instead of the one found');
const logFormat = () =>
  new Option('--log-format <format>', 'how the run is shown').choices([
    'auto',
    'terminal',
    'lines',
    'journald',
    'github',
    'json',
  ] as const);
const json = (): Option<'--json'> => new Option('--json', 'print data instead of text');

function addRun(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('run', { isDefault: true })
    .summary('run a plan (the word `run` may be left out)')
    .description('Runs a plan: `run-plan nightly-prod`.')
    .argument('<plan>', 'name of a plan: its file without .yaml')
    .option('--set <name=value>', 'give a parameter of the plan a value (repeatable)', collect, [])
    .option('--dry-run', 'show the pipeline that would run and stop')
    .option('--yes [environment]', 'confirm writes; a protected environment wants its name')
    .addOption(logFormat())
    .addOption(json().default(undefined))
    .addOption(config())
    .action(async (plan, options) => {
      const { runCommand } = await import('./commands/run.ts');
      settle(await runCommand(host, plan, options));
    });
}

function addRestore(program: Command, host: CommandHost, settle: Settle): void {
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

function addValidate(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('validate')
    .description('Checks every plan and environment and names every problem with file, line and column.')
    .argument('[plans...]', 'only these plans')
    .addOption(json())
    .addOption(
      new Option('--format <format>', 'how problems are printed').choices([
        'text',
        'json',
        'github',
      ] as const),
    )
    .addOption(config())
    .action(async (plans, options) => {
      const { validateCommand } = await import('./commands/validate.ts');
      settle(await validateCommand(host, plans, options));
    });
}

function addListings(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('list')
    .description('Lists the plans with their schedules, next runs and last outcomes.')
    .addOption(json())
    .addOption(config())
    .action(async (options) => {
      const { listCommand } = await import('./commands/list.ts');
      settle(await listCommand(host, options));
    });
  program
    .command('show')
    .description(
      'Shows what a plan would do: its steps in order with the commands they run, its schedule and retention.',
    )
    .argument('<plan>')
    .option('--set <name=value>', 'give a parameter of the plan a value (repeatable)', collect, [])
    .addOption(json())
    .addOption(config())
    .action(async (plan, options) => {
      const { showCommand } = await import('./commands/show.ts');
      settle(await showCommand(host, plan, options));
    });
  program
    .command('artifacts')
    .description(
      'Lists the artifacts of the repositories with their ages, sizes and whether they were verified.',
    )
    .option('--environment <name>', 'only the repository of this environment')
    .option('--database <name>', 'only artifacts of this database')
    .addOption(json())
    .addOption(config())
    .action(async (options) => {
      const { artifactsCommand } = await import('./commands/artifacts.ts');
      settle(await artifactsCommand(host, options));
    });
  program
    .command('history')
    .description('Lists past runs with outcomes, durations and errors.')
    .argument('[plan]', 'only runs of this plan')
    .option('--limit <number>', 'how many runs, newest first', wholeNumber, 20)
    .option('--repository', 'read the records in the repositories too, also those of other hosts')
    .addOption(json())
    .addOption(config())
    .action(async (plan, options) => {
      const { historyCommand } = await import('./commands/history.ts');
      settle(await historyCommand(host, plan, options));
    });
  program
    .command('status')
    .description(
      'Holds the newest verified artifact of each database, as the repository itself has it, against the RPO.',
    )
    .argument('[plan]', 'only this plan')
    .option('--check', `exit ${String(exitCode.objectiveMissed)} when an objective is missed`)
    .addOption(json())
    .addOption(config())
    .action(async (plan, options) => {
      const { statusCommand } = await import('./commands/status.ts');
      settle(await statusCommand(host, plan, options));
    });
}

function addEvidence(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('report')
    .description(
      'Lists the drills with their verdicts, or prints or verifies the evidence that is kept of them.',
    )
    .argument('[plan]', 'only drills of this plan')
    .option('--run <run>', 'print the document of this run')
    .addOption(
      new Option('--format <format>', 'print this document of the run, or of the newest').choices([
        'text',
        'markdown',
        'json',
        'html',
        'junit',
      ] as const),
    )
    .option('--output <file>', 'write the document to a file')
    .option(
      '--verify',
      `hold all evidence against its seals, in the repository and on this host; exit ${String(exitCode.checkFailed)} when anything is wrong`,
    )
    .addOption(json())
    .addOption(config())
    .action(async (plan, options) => {
      const { reportCommand } = await import('./commands/report.ts');
      settle(await reportCommand(host, plan, options));
    });
  program
    .command('sign-off')
    .description("Answers an open question of a drill: a person's word that something was looked at.")
    .argument('<run>', "the drill's run")
    .requiredOption('--check <name>', 'which question, as the report names it')
    .requiredOption('--by <who>', 'the person who looked')
    .option('--note <text>', 'what they say besides')
    .option('--reject', 'it is not well')
    .addOption(json())
    .addOption(config())
    .action(async (run, options) => {
      const { signOffCommand } = await import('./commands/sign-off.ts');
      settle(await signOffCommand(host, run, options));
    });
}

function addChanges(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('diff')
    .description(
      `Shows what differs from the plans: which artifacts retention would remove, each with its reason. Exits ${String(exitCode.objectiveMissed)} when something would change.`,
    )
    .argument('[plan]', 'only this plan')
    .addOption(json())
    .addOption(config())
    .action(async (plan, options) => {
      const { diffCommand } = await import('./commands/diff.ts');
      settle(await diffCommand(host, plan, options));
    });
  program
    .command('apply')
    .description('Does what diff shows, after confirmation.')
    .argument('[plan]', 'only this plan')
    .option('--yes [environment]', 'confirm without being asked')
    .addOption(json())
    .addOption(config())
    .action(async (plan, options) => {
      const { applyCommand } = await import('./commands/apply.ts');
      settle(await applyCommand(host, plan, options));
    });
  program
    .command('demo')
    .description('Shows a backup from start to end on a throw-away Postgres with sample data.')
    .option('--size <size>', 'how much sample data', '300MB')
    .option('--keep', 'leave the folder and the database server for looking around')
    .action(async (options) => {
      const { demoCommand } = await import('./commands/demo.ts');
      settle(await demoCommand(host, options));
    });
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function jobs(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const number = wholeNumber(text);
  if (number > mostJobs) throw new InvalidArgumentError(`more than ${mostJobs} at a time help nobody`);
  return number;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('it is not a whole number above 0');
  return number;
}
