import type { Socket } from 'node:net';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../base/failure.ts';
import type { CommandHost } from './command-host.ts';
import type { PipeOptions, RunningPipe, Stage } from './commands.ts';
import { destroyWhenDry, drained } from './drain.ts';
import { keepLastLines, splitLines } from './lines.ts';
import { buildPipeScript, errorDescriptor, statusDescriptor } from './pipe-script.ts';
import { failureOfStages, keptLines, programName } from './stage-status.ts';
import { startGroup, type ExitStatus, type StartedGroup } from './started-group.ts';

/** How often moved bytes are looked for, milliseconds. */
const lifeMs = 1000;
/** What Node reads from a pipe at once. */
const chunkBytes = 64 * 1024;

/** Starts stages as one pipe in one process group. Throws the signal's reason when that has aborted already. */
export function startPipe(stages: readonly Stage[], options: PipeOptions, host: CommandHost): RunningPipe {
  const signal = host.signal();
  signal.throwIfAborted();
  const group = startBash(stages, options, host);
  const kill = (): Promise<void> => group.kill();
  const onAbort = (): void => {
    kill().catch(() => undefined);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const stopWatching = watchLife(group, host);
  const done = settle(stages, options, host, group, signal).finally(() => {
    signal.removeEventListener('abort', onAbort);
    stopWatching();
  });
  // Whoever awaits `done` late must not find the process ended by an unhandled rejection.
  done.catch(() => options.input?.destroy());
  return { output: gateOutput(streamAt(group, 1), done), done, kill };
}

/**
 * The last stage's output, which ends only when every stage is known to have ended well and is destroyed with the
 * failure otherwise: whoever stores it never takes half a dump for a whole one. It is connected at once, because
 * Node throws away what nobody reads when a child exits.
 */
function gateOutput(source: Socket, done: Promise<void>): Readable {
  const gate = new Transform({
    readableHighWaterMark: chunkBytes,
    writableHighWaterMark: chunkBytes,
    transform: (chunk, _, next) => {
      next(null, chunk);
    },
    flush: (next) => {
      done.then(() => {
        next();
      }, next);
    },
  });
  // Its reader may be gone by then, and the failure is told by `done`.
  gate.on('error', () => undefined);
  pipeline(source, gate).catch(() => undefined);
  done.catch((error: unknown) => gate.destroy(asError(error)));
  return gate;
}

function startBash(stages: readonly Stage[], options: PipeOptions, host: CommandHost): StartedGroup {
  const { script, positional, environment } = buildPipeScript(stages);
  return startGroup('bash', ['--noprofile', '--norc', '-c', script, 'run-plan', ...positional], {
    stdio: [
      options.input === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      'pipe',
      ...stages.map(() => 'pipe' as const),
    ],
    cwd: options.cwd ?? host.cwd,
    inherited: host.inherited,
    environment: { ...host.environment, ...environment },
    groups: host.groups,
  });
}

async function settle(
  stages: readonly Stage[],
  options: PipeOptions,
  host: CommandHost,
  group: StartedGroup,
  signal: AbortSignal,
): Promise<void> {
  const collect = (descriptor: number, onLine?: (line: string) => void): Promise<readonly string[]> =>
    collectLines(streamAt(group, descriptor), group, host, onLine);
  const [input, status, statusLines, bashLines, ...stageLines] = await Promise.all([
    feed(options.input, group),
    group.ended.catch((error: unknown) => asError(error)),
    collect(statusDescriptor),
    collect(2),
    ...stages.map((stage, index) => collect(errorDescriptor(index), stage.onErrorLine)),
  ]);
  const output = streamAt(group, 1);
  const names = stages.map(({ program }) => programName(program)).join(' | ');
  destroyWhenDry(
    output,
    () => new Failure('command-failed', `a process that ${names} left behind holds its output open`),
  );
  signal.throwIfAborted();
  if (status instanceof Error) throw status;
  if (input !== undefined) throw input;
  const [statuses = [], ...reports] = statusLines.map((line) => line.split(' ').map(Number)).reverse();
  // Whoever does not say that it has ended was killed with its subshell: after all that did.
  if (status.code !== 0 || statuses.length !== stages.length) throw bashFailure(names, status, bashLines);
  const order = reports.reverse().map(([index]) => index);
  const ends = stages.map((stage, index) => ({
    stage,
    status: statuses[index] ?? NaN,
    place: order.includes(index) ? order.indexOf(index) : stages.length,
    lastLines: stageLines[index] ?? [],
  }));
  const failure = failureOfStages(ends, host.inherited['PATH']);
  if (failure !== undefined) throw failure;
}

/** Feeds the first stage; gives the error of the source, if any. A stage that stops reading speaks by its own status. */
async function feed(input: Readable | undefined, group: StartedGroup): Promise<Error | undefined> {
  const stdin = group.child.stdin;
  if (input === undefined || stdin === null) return undefined;
  const firstToEnd = new Promise<'input' | 'stdin'>((resolve) => {
    for (const event of ['error', 'close']) {
      input.once(event, () => {
        resolve('input');
      });
      stdin.once(event, () => {
        resolve('stdin');
      });
    }
  });
  try {
    await pipeline(input, stdin);
    return undefined;
  } catch (error) {
    // A source that was read to its end has done its part, whatever becomes of its last bytes.
    if (input.readableEnded || (await firstToEnd) === 'stdin') return undefined;
    // To the stages this looks like a good end of the data, so they must not get to use it.
    await group.kill();
    return input.errored ?? asError(error);
  }
}

async function collectLines(
  stream: Readable,
  group: StartedGroup,
  host: CommandHost,
  onLine: ((line: string) => void) | undefined,
): Promise<readonly string[]> {
  const tail = keepLastLines(keptLines);
  const splitter = splitLines(host.redact, (line) => {
    tail.add(line);
    onLine?.(line);
  });
  stream.on('data', (chunk: Buffer) => {
    host.onLife();
    splitter.write(chunk);
  });
  stream.on('error', () => undefined);
  await drained(stream, group.ended);
  splitter.end();
  return tail.lines();
}

/** Bytes that pass through Node's ends of the pipe are life; looked for once a second, so that it costs nothing. */
function watchLife(group: StartedGroup, host: CommandHost): () => void {
  const moved = (): number =>
    streamAt(group, 1).bytesRead + ((group.child.stdin as Socket | null)?.bytesWritten ?? 0);
  let seen = 0;
  const timer = setInterval(() => {
    const now = moved();
    if (now !== seen) host.onLife();
    seen = now;
  }, lifeMs);
  return () => {
    clearInterval(timer);
  };
}

function bashFailure(names: string, status: ExitStatus, lines: readonly string[]): Failure {
  const how = status.signal === null ? `ended with ${String(status.code)}` : `was killed by ${status.signal}`;
  return new Failure('command-failed', [`the pipe ${names} ${how}`, ...lines.slice(-1)].join(': '));
}

function streamAt(group: StartedGroup, descriptor: number): Socket {
  const stream = group.child.stdio[descriptor];
  if (stream === null || stream === undefined)
    throw new Error(`descriptor ${String(descriptor)} is not a pipe`);
  return stream as Socket;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
