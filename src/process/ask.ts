import { defined } from '../base/defined.ts';
import type { Socket } from 'node:net';
import { Failure } from '../base/failure.ts';
import { captureLimit, captureOutput } from './captured.ts';
import type { Variables } from './environment.ts';
import { drained } from './drain.ts';
import { startGroup, type ExitStatus, type StartOptions } from './started-group.ts';

export interface AskOptions extends Omit<StartOptions, 'stdio' | 'cwd'> {
  readonly inherited: Variables;
  readonly cwd?: string;
  readonly input?: string;
  /** Limit, milliseconds; absent: none. */
  readonly timeoutMs?: number | undefined;
  /** More standard output than this ends the program; 1 MiB unless said. */
  readonly largestBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** A byte moved. */
  readonly onLife?: () => void;
}

/** What became of a program, whatever it was. */
export interface ProgramAnswer {
  /** How it ended; absent: it was not started. */
  readonly status?: ExitStatus;
  /** Not redacted. */
  readonly stdout: Buffer;
  /** The last MiB, not redacted. */
  readonly stderr: string;
  /** Why it was ended before its own end; a Failure when it could not be started. */
  readonly trouble?: 'time' | 'size' | 'signal' | Failure;
}

/**
 * Starts a program without a shell, waits for its end and gives all that it said, with an attempt or without: its process
 * group dies at the limit, on too much output and on the signal. Never rejects.
 */
export async function askProgram(
  program: string,
  programArguments: readonly string[],
  options: AskOptions,
): Promise<ProgramAnswer> {
  const { input, timeoutMs, largestBytes = captureLimit, signal, onLife, cwd = '/', ...start } = options;
  const stdio = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] as const;
  const group = startGroup(program, programArguments, { ...start, cwd, stdio: [...stdio] });
  let trouble: ProgramAnswer['trouble'];
  const end = (why: 'time' | 'size' | 'signal'): void => {
    trouble ??= why;
    group.kill().catch(() => undefined);
  };
  const limit = timeoutMs === undefined ? undefined : setTimeout(end, timeoutMs, 'time');
  const onAbort = (): void => {
    end('signal');
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  const stdout: Buffer[] = [];
  const stderr = captureOutput();
  let bytes = 0;
  const read = (stream: Socket, take: (chunk: Buffer) => void): Promise<void> => {
    stream.on('data', (chunk: Buffer) => {
      onLife?.();
      take(chunk);
    });
    stream.on('error', () => undefined);
    return drained(stream, group.ended);
  };
  const outputs = [
    read(group.child.stdout as Socket, (chunk) => {
      bytes += chunk.length;
      if (bytes > largestBytes) end('size');
      else stdout.push(chunk);
    }),
    read(group.child.stderr as Socket, (chunk) => {
      stderr.write(chunk);
    }),
  ];
  // A program that does not read its input speaks by its own status.
  group.child.stdin?.on('error', () => undefined).end(input);
  const status = await group.ended.catch((error: unknown) => error);
  await Promise.all(outputs);
  clearTimeout(limit);
  signal?.removeEventListener('abort', onAbort);
  const said = { stdout: Buffer.concat(stdout), stderr: stderr.text() };
  if (status instanceof Error) {
    if (!(status instanceof Failure)) throw status;
    return { ...said, trouble: status };
  }
  return { ...said, status: status as ExitStatus, ...defined({ trouble }) };
}
