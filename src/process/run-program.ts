import { Failure } from '../base/failure.ts';
import { askProgram } from './ask.ts';
import { captureLimit } from './captured.ts';
import type { CommandHost } from './command-host.ts';
import type { CommandOptions, CommandResult } from './commands.ts';
import { overran, programFailure, programName, statusNumber } from './stage-status.ts';

/**
 * Runs one program without a shell. Standard error beyond 1 MiB loses its beginning; standard output beyond 1 MiB is
 * a failure, because a result that is silently cut would be taken for the whole.
 */
export async function runProgram(
  program: string,
  programArguments: readonly string[],
  options: CommandOptions,
  host: CommandHost,
): Promise<CommandResult> {
  const signal = host.signal();
  signal.throwIfAborted();
  const { status, stdout, stderr, trouble } = await askProgram(program, programArguments, {
    ...options,
    inherited: host.inherited,
    environment: { ...host.environment, ...options.environment },
    cwd: options.cwd ?? host.cwd,
    groups: host.groups,
    signal,
    onLife: () => {
      host.onLife();
    },
  });
  signal.throwIfAborted();
  if (trouble instanceof Failure) throw trouble;
  if (trouble === 'time') throw overran(programName(program), options.timeoutMs);
  if (trouble === 'size' || status === undefined) {
    const size = `${programName(program)} printed more than ${String(captureLimit)} bytes`;
    throw new Failure('command-failed', size, { fields: { program: programName(program) } });
  }
  const exitCode = statusNumber(status);
  if ((options.accept ?? [0]).includes(exitCode))
    return { exitCode, stdout: stdout.toString('utf8'), stderr };
  throw programFailure(program, status, host.redact(stderr).trimEnd().split('\n'));
}
