import { constants } from 'node:os';
import type { Socket } from 'node:net';
import { Failure } from '../base/failure.ts';
import { captureLimit, captureOutput } from './captured.ts';
import type { CommandHost } from './command-host.ts';
import type { CommandOptions, CommandResult } from './commands.ts';
import { drained } from './drain.ts';
import { finish, statusNumber } from './finish.ts';
import { describeStatus, programName } from './stage-status.ts';
import { startGroup } from './started-group.ts';

/** Lines of standard error that a failure quotes. */
const quotedLines = 10;

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
  host.signal().throwIfAborted();
  const group = startGroup(program, programArguments, {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    cwd: options.cwd ?? host.cwd,
    environment: { ...host.environment, ...options.environment },
    groups: host.groups,
  });
  const stdout = captureOutput();
  const stderr = captureOutput();
  const read = (stream: Socket, into: typeof stdout): Promise<void> => {
    stream.on('data', (chunk: Buffer) => {
      host.onLife();
      into.write(chunk);
    });
    stream.on('error', () => undefined);
    return drained(stream, group.ended);
  };
  const outputs = [read(group.child.stdout as Socket, stdout), read(group.child.stderr as Socket, stderr)];
  // A program that does not read its input speaks by its own status.
  group.child.stdin?.on('error', () => undefined).end(options.input);
  const status = statusNumber(
    await finish(programName(program), group, host, options, outputs),
    constants.signals,
  );
  const result = { exitCode: status, stdout: stdout.text(), stderr: stderr.text() };
  if (!(options.accept ?? [0]).includes(status)) throw commandFailed(program, result, host);
  if (stdout.overflowed()) {
    throw new Failure(
      'command-failed',
      `${programName(program)} printed more than ${String(captureLimit)} bytes`,
    );
  }
  return result;
}

function commandFailed(program: string, result: CommandResult, host: CommandHost): Failure {
  const lines = host.redact(result.stderr).trimEnd().split('\n').slice(-quotedLines).join('\n');
  return new Failure(
    'command-failed',
    `${describeStatus(program, result.exitCode)}${lines === '' ? '' : `: ${lines}`}`,
  );
}
