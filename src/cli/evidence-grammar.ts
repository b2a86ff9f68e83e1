import { Option, type Command } from '@commander-js/extra-typings';
import { exitCode } from '../base/exit-code.ts';
import { documentFormatNames } from '../tell/evidence/formats.ts';
import type { CommandHost } from '../task/host.ts';
import { config, json, type Settle } from './options.ts';

/** `run-plan report` and `run-plan sign-off`. */
export function addEvidence(program: Command, host: CommandHost, settle: Settle): void {
  program
    .command('report')
    .description(
      'Lists the drills with their verdicts, or prints or verifies the evidence that is kept of them.',
    )
    .argument('[plan]', 'only drills of this plan')
    .option('--run <run>', 'print the document of this run')
    .addOption(
      new Option('--format <format>', 'print this document of the run, or of the newest').choices(
        documentFormatNames,
      ),
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
