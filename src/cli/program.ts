import { Command, Option } from '@commander-js/extra-typings';
import { exitCode, type ExitCode } from '../base/exit-code.ts';
import { paragraph, sentence, type Block } from '../base/terminal/blocks.ts';
import { addAlerts } from './alerts-grammar.ts';
import { addEvidence } from './evidence-grammar.ts';
import { addExport } from './export-grammar.ts';
import type { CommandHost } from '../task/host.ts';
import { addMetrics } from './metrics-grammar.ts';
import { addColour, config, json, logFormat, wholeNumber, type Settle } from './options.ts';
import { addRestore } from './restore-grammar.ts';
import { addTimers, unitRoot, user } from './timers-grammar.ts';

const exitCodeHelp =
  'Exit codes: 0 done, 1 bug, 2 usage, 10 plan invalid, 11 environment, secret or tool missing, 12 locked, 20 step failed, 21 check failed, 22 objective missed or difference found, 23 an alert failed, 130 and 143 interrupted.';

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
    .addHelpText('after', `\n${exitCodeHelp}`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        host.terminal.print(...helpBlocks(text));
      },
      writeErr: (text) => {
        // What begins so is a message, anything else a help.
        if (text.startsWith('error: ')) host.terminal.tell(paragraph(text.trimEnd()));
        else host.terminal.tell(...helpBlocks(text));
      },
      // The terminal breaks lines, also where it is narrow.
      getOutHelpWidth: () => Infinity,
      getErrHelpWidth: () => Infinity,
    });
  addRun(program, host, settle);
  addValidate(program, host, settle);
  addListings(program, host, settle);
  addRestore(program, host, settle);
  addEvidence(program, host, settle);
  addTimers(program, host, settle);
  addMetrics(program, host, settle);
  addExport(program, host, settle);
  addAlerts(program, host, settle);
  addChanges(program, host, settle);
  addColour(program, host);
  return program;
}

/** What has room beside the names of commands and options is worth to stand there. */
const leastBeside = 30;

/** Each line of a help; a description hangs beside what it describes, or below it where that is too narrow. */
function helpBlocks(text: string): readonly Block[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const column = /^ +\S.*? {2,}(?=\S)/.exec(line)?.[0].length;
      return {
        lines: (surface) => {
          const isBeside = column !== undefined && (surface.width ?? Infinity) - column >= leastBeside;
          const hang = isBeside ? column : column === undefined ? 0 : 6;
          return sentence(line, { hang }).lines(surface);
        },
      };
    });
}

function addRun(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('run', { isDefault: true })
    .summary('run a plan (the word `run` may be left out)')
    .description('Runs a plan: `run-plan nightly-prod`.')
    .argument('<plan>', 'name of a plan: its file without .yaml')
    .option('--set <name=value>', 'give a parameter of the plan a value (repeatable)', collect, [])
    .option('--dry-run', 'show the pipeline that would run and stop')
    .option('--yes [environment]', 'confirm writes; a protected environment wants its name')
    .option('--if-due <cron>', 'only where the schedule has a run at the newest time of this cron line')
    .addOption(logFormat())
    .addOption(json().default(undefined))
    .addOption(config())
    .action(async (plan, options) => {
      const { runCommand } = await import('./commands/run.ts');
      settle(await runCommand(host, plan, options));
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

function addChanges(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('diff')
    .description(
      `Shows what differs from the YAML: settings of buckets with what changing them would do, the units of plans with a schedule, and which artifacts retention would remove, each with its reason. Exits ${String(exitCode.objectiveMissed)} when something would change.`,
    )
    .argument('[name]', 'only this plan or bucket')
    .addOption(user())
    .addOption(unitRoot())
    .addOption(json())
    .addOption(config())
    .action(async (name, options) => {
      const { diffCommand } = await import('./commands/diff.ts');
      settle(await diffCommand(host, name, options));
    });
  program
    .command('apply')
    .description('Does what diff shows, after confirmation.')
    .argument('[name]', 'only this plan or bucket')
    .option('--yes [environment]', 'confirm without being asked; a protected environment wants its name')
    .option('--allow-weaker', 'also what protects a bucket less than it is protected now')
    .addOption(user())
    .addOption(unitRoot())
    .addOption(json())
    .addOption(config())
    .action(async (name, options) => {
      const { applyCommand } = await import('./commands/apply.ts');
      settle(await applyCommand(host, name, options));
    });
  program
    .command('doctor')
    .description(
      `Looks at what plans need here: tools, secrets, Postgres, repositories, uploads, clocks, space, and what stores can do, each with what to do about it. Exits ${String(exitCode.notReady)} when something fails.`,
    )
    .argument('[name]', 'only this environment, or what this plan needs')
    .option(
      '--fresh',
      'probe stores anew, in buckets made and removed for it, and try an upload that the store must refuse',
    )
    .addOption(json())
    .addOption(config())
    .action(async (name, options) => {
      const { doctorCommand } = await import('./commands/doctor.ts');
      settle(await doctorCommand(host, name, options));
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
