import { spawn } from 'node:child_process';

export interface SecretCommandOptions {
  readonly timeoutMs: number;
  /** More output than this ends the command. */
  readonly largestBytes: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

export interface SecretCommandResult {
  readonly stdout: Buffer;
  /** The last 2 KiB, not redacted yet. */
  readonly stderr: string;
  /** Why its output is no secret, to follow the command's name; absent when all went well. */
  readonly problem?: string;
}

/**
 * Runs an operator's command under `sh` and collects what it prints. It reads nothing, and has its process group killed at
 * the time limit, on too much output and on the signal, so that nothing that it started survives.
 */
export function runSecretCommand(
  command: string,
  options: SecretCommandOptions,
): Promise<SecretCommandResult> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...options.environment },
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let stderr = '';
    let problem: string | undefined;

    const end = (why: string): void => {
      problem ??= why;
      killGroup(child.pid);
      // A grandchild that left the group could hold the pipes open for ever.
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const limit = setTimeout(
      end,
      options.timeoutMs,
      `gave nothing within ${String(options.timeoutMs / 1000)} s`,
    );
    const onAbort = (): void => {
      end('was interrupted');
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted === true) onAbort();

    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > options.largestBytes) end(`printed more than ${String(options.largestBytes)} bytes`);
      else chunks.push(chunk);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-2048);
    });
    child.on('error', (error) => {
      end(`could not be started (${error.message})`);
    });
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      options.signal?.removeEventListener('abort', onAbort);
      if (code !== 0)
        problem ??= code === null ? `was ended by ${String(signal)}` : `exited with ${String(code)}`;
      resolve({ stdout: Buffer.concat(chunks), stderr, ...(problem !== undefined && { problem }) });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone already, which is what we want.
  }
}
