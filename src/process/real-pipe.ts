import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { askProgram } from './ask.ts';
import type { Variables } from './environment.ts';

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
export async function openPipes(
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
