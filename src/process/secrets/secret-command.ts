import { defined } from '../../base/defined.ts';
import { Failure } from '../../base/failure.ts';
import { askProgram, type ProgramAnswer } from '../ask.ts';
import { variablesOfSecretCommand, type Variables } from '../environment.ts';

export interface SecretCommandOptions {
  readonly timeoutMs: number;
  /** More output than this ends the command. */
  readonly largestBytes: number;
  /** The operator's variables. */
  readonly inherited: Variables;
  readonly signal?: AbortSignal | undefined;
}

export interface SecretCommandResult {
  readonly stdout: Buffer;
  /** The last 2 KiB, not redacted yet. */
  readonly stderr: string;
  /** Why its output is no secret, to follow the command's name; absent when all went well. */
  readonly problem?: string;
}

/** Runs an operator's command under `sh` and collects what it prints. It reads nothing, and leaves nothing running. */
export async function runSecretCommand(
  command: string,
  options: SecretCommandOptions,
): Promise<SecretCommandResult> {
  const answer = await askProgram('/bin/sh', ['-c', command], {
    ...options,
    cwd: process.cwd(),
    environment: variablesOfSecretCommand(command, options.inherited),
  });
  const problem = problemOf(answer, options);
  return {
    stdout: answer.stdout,
    stderr: answer.stderr.slice(-2048),
    ...defined({ problem }),
  };
}

function problemOf({ trouble, status }: ProgramAnswer, options: SecretCommandOptions): string | undefined {
  if (trouble instanceof Failure) return `could not be started (${trouble.message})`;
  if (trouble === 'time') return `gave nothing within ${String(options.timeoutMs / 1000)} s`;
  if (trouble === 'size') return `printed more than ${String(options.largestBytes)} bytes`;
  if (trouble === 'signal') return 'was interrupted';
  if (status === undefined || status.code === 0) return undefined;
  return status.code === null
    ? `was ended by ${String(status.signal)}`
    : `exited with ${String(status.code)}`;
}
