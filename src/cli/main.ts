import { CommanderError } from 'commander';
import { exitCode, type ExitCode } from '../base/exit-code.ts';
import { exit, report, watchForOtherEnds } from './exit.ts';
import type { LoadBuilt } from '../task/built-in-tasks.ts';
import { createHost, processParts, type ProcessParts } from '../task/host.ts';
import { buildProgram } from './program.ts';

/** Runs one command line (`argv` without node and script) and gives its exit code. Throws nothing. */
export async function main(argv: readonly string[], parts: ProcessParts): Promise<ExitCode> {
  const host = createHost(parts);
  let code: ExitCode = exitCode.done;
  const program = buildProgram(host, (settled) => {
    code = settled;
  });
  if (argv.length === 0) {
    program.outputHelp({ error: true });
    return exitCode.usage;
  }
  try {
    await program.parseAsync(configAfterCommand(argv), { from: 'user' });
    return code;
  } catch (error) {
    // Commander has printed its own message; help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.usage;
    return report(error, host.terminal);
  }
}

/** `--config F list` as `list --config F`: every command has the option itself. */
function configAfterCommand(argv: readonly string[]): string[] {
  const [first = ''] = argv;
  const count = first === '--config' ? 2 : first.startsWith('--config=') ? 1 : 0;
  const words = argv.slice(count);
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  return [...words.slice(0, end), ...argv.slice(0, count), ...words.slice(end)];
}

/** What the launcher calls: this process's command line, and the end of the process with its exit code. */
export async function runProcess(taskFolder: string, version: string, loadBuilt: LoadBuilt): Promise<never> {
  const parts = processParts(taskFolder, version, loadBuilt);
  watchForOtherEnds(createHost(parts).terminal);
  return exit(await main(process.argv.slice(2), parts));
}
