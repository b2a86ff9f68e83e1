import { captureOutput, type CapturedOutput } from './captured.ts';
import type { CommandHost } from './command-host.ts';
import type { CommandOptions, CommandResult } from './commands.ts';
import { drained } from './drain.ts';
import { bindShell } from './bind-shell.ts';
import { keepLastLines, splitLines, type LineTail } from './lines.ts';
import { keptLines, overran, programFailure, statusNumber } from './stage-status.ts';
import type { ExitStatus, StartedGroup } from './started-group.ts';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { askProgram } from './ask.ts';
import type { Variables } from './environment.ts';

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
  const signal = host.signal();
  signal.throwIfAborted();
  const pipes = await openPipes(host.inherited);
  const group = startShell(script, options, host, pipes);
  const tail = keepLastLines(keptLines);
  const stdout = captureOutput();
  const stderr = captureOutput();
  const outputs = [
    read('stdout', pipes.stdout, group, host, stdout),
    read('stderr', pipes.stderr, group, host, stderr, tail),
  ];
  const status = await endOf(group, options.timeoutMs);
  await Promise.all(outputs);
  signal.throwIfAborted();
  if (status === undefined) throw overran('the script', options.timeoutMs);
  const exitCode = statusNumber(status);
  const result = { exitCode, stdout: stdout.text(), stderr: stderr.text() };
  if ((options.accept ?? [0]).includes(exitCode)) return result;
  throw programFailure('the script', status, tail.lines(), '\n');
}

/** How it ended; undefined when that was at its own limit. */
async function endOf(group: StartedGroup, limitMs: number | undefined): Promise<ExitStatus | undefined> {
  const limit = new AbortController();
  const timer =
    limitMs === undefined
      ? undefined
      : setTimeout(() => {
          limit.abort();
          group.kill().catch(() => undefined);
        }, limitMs);
  const status = await group.ended.finally(() => {
    clearTimeout(timer);
  });
  return limit.signal.aborted ? undefined : status;
}

type Pipes = Readonly<Record<'stdout' | 'stderr', RealPipe>>;

function startShell(
  script: string,
  { cwd, environment = {}, input = '' }: CommandOptions,
  host: CommandHost,
  { stdout, stderr }: Pipes,
): StartedGroup {
  let started: StartedGroup | undefined;
  const shell = bindShell(host, (group) => {
    started = group;
  })({
    cwd: cwd ?? host.cwd,
    env: environment,
    stdio: [input === '' ? 'ignore' : 'pipe', stdout.descriptor, stderr.descriptor],
    nothrow: true,
    store: emptyStore,
    ...(input !== '' && { input }),
  });
  // The whole script is the template's one literal piece: nothing of it is quoted.
  const command = shell(Object.assign([script], { raw: [script] }));
  command.catch(() => undefined);
  stdout.closeDescriptor();
  stderr.closeDescriptor();
  if (started === undefined) throw command.output?.cause ?? new Error('zx did not start a process');
  started.child.stdin?.on('error', () => undefined);
  return started;
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

/** A pipe of the operating system: what is written to the descriptor comes out of the stream. */
export interface RealPipe {
  readonly output: Socket;
  /** For a child's `stdio`. */
  readonly descriptor: number;
  /** Closes this process' writing end; to be called once the child has it. */
  closeDescriptor(): void;
}

/**
 * Opens a pipe for standard output and one for standard error, through FIFOs that are gone again at once. Node's own
 * `'pipe'` is a socket, which bash cannot open as `/dev/stderr` ("No such device or address"), and operators' scripts do
 * write there.
 */
async function openPipes(
  inherited: Variables,
): Promise<{ readonly stdout: RealPipe; readonly stderr: RealPipe }> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-pipe-'));
  try {
    const [stdout, stderr] = [join(folder, 'stdout'), join(folder, 'stderr')];
    const made = await askProgram('mkfifo', ['-m', '600', stdout, stderr], { inherited });
    if (made.trouble instanceof Failure) throw made.trouble;
    return { stdout: openFifo(stdout), stderr: openFifo(stderr) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function openFifo(path: string): RealPipe {
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const descriptor = openSync(path, constants.O_WRONLY);
  return {
    output: new Socket({ fd: reading, readable: true, writable: false }),
    descriptor,
    closeDescriptor: () => {
      closeSync(descriptor);
    },
  };
}
