import { constants } from 'node:os';
import { captureOutput, type CapturedOutput } from './captured.ts';
import type { CommandHost } from './command-host.ts';
import type { CommandOptions, CommandResult } from './commands.ts';
import { drained } from './drain.ts';
import { finish, statusNumber } from './finish.ts';
import { keepLastLines, splitLines, type LineTail } from './lines.ts';
import { openPipes, type RealPipe } from './real-pipe.ts';
import { keptLines, programFailure } from './stage-status.ts';
import { builtEnvironment, spawnForShell, type StartedGroup } from './started-group.ts';

/** Nothing that zx reads is kept: it never sees the output, which goes through pipes of our own. */
const emptyStore = { stdout: [], stderr: [], stdall: [] };

/**
 * Runs the operator's bash through zx under `set -euo pipefail`, in a process group of its own, and tells its output
 * line by line. The result holds the last 1 MiB of each stream. Throws a Failure, or the reason of the attempt's end.
 */
export async function runShell(
  script: string,
  options: CommandOptions,
  host: CommandHost,
): Promise<CommandResult> {
  host.signal().throwIfAborted();
  const pipes = await openPipes(host.inherited);
  const group = await startShell(script, options, host, pipes);
  const tail = keepLastLines(keptLines);
  const stdout = captureOutput();
  const stderr = captureOutput();
  const outputs = [
    read('stdout', pipes.stdout, group, host, stdout),
    read('stderr', pipes.stderr, group, host, stderr, tail),
  ];
  const status = await finish('the script', group, host, options, outputs);
  const exitCode = statusNumber(status, constants.signals);
  const result = { exitCode, stdout: stdout.text(), stderr: stderr.text() };
  if ((options.accept ?? [0]).includes(exitCode)) return result;
  throw programFailure('the script', status, tail.lines(), '\n');
}

async function startShell(
  script: string,
  options: CommandOptions,
  host: CommandHost,
  pipes: { readonly stdout: RealPipe; readonly stderr: RealPipe },
): Promise<StartedGroup> {
  const { $ } = await import('zx/core');
  const cwd = options.cwd ?? host.cwd;
  let group: StartedGroup | undefined;
  const spawn = spawnForShell({ cwd, groups: host.groups }, (started) => {
    group = started;
  });
  const shell = $({
    shell: 'bash',
    // On the script's first line, so that bash counts lines as the operator does.
    prefix: 'set -euo pipefail; ',
    cwd,
    env: builtEnvironment({
      inherited: host.inherited,
      environment: { ...host.environment, ...options.environment },
    }),
    stdio: [
      options.input === undefined || options.input === '' ? 'ignore' : 'pipe',
      pipes.stdout.descriptor,
      pipes.stderr.descriptor,
    ],
    detached: true,
    nothrow: true,
    quiet: true,
    verbose: false,
    store: emptyStore,
    spawn,
    ...(options.input !== undefined && { input: options.input }),
  });
  // The whole script is the template's one literal piece: nothing of it is quoted.
  shell(Object.assign([script], { raw: [script] })).catch(() => undefined);
  pipes.stdout.closeDescriptor();
  pipes.stderr.closeDescriptor();
  if (group === undefined) throw new Error('zx did not start a process');
  group.child.stdin?.on('error', () => undefined);
  return group;
}

function read(
  stream: 'stdout' | 'stderr',
  pipe: RealPipe,
  group: StartedGroup,
  host: CommandHost,
  captured: CapturedOutput,
  tail?: LineTail,
): Promise<void> {
  const splitter = splitLines(host.redact, (line) => {
    tail?.add(line);
    host.onOutput(stream, line);
  });
  pipe.output.on('data', (chunk: Buffer) => {
    host.onLife();
    captured.write(chunk);
    splitter.write(chunk);
  });
  pipe.output.on('error', () => undefined);
  return drained(pipe.output, group.ended).then(() => {
    splitter.end();
  });
}
