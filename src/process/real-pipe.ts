import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolMissing } from './tool.ts';

/** A pipe of the operating system: what is written to the descriptor comes out of the stream. */
export interface RealPipe {
  readonly output: Socket;
  /** For a child's `stdio`. */
  readonly descriptor: number;
  /** Closes this process' writing end; to be called once the child has it. */
  closeDescriptor(): void;
}

/**
 * Opens a pipe through a FIFO that is gone again at once. Node's own `'pipe'` is a socket, which bash cannot open as
 * `/dev/stderr` ("No such device or address"), and operators' scripts do write there.
 */
export function openPipe(): RealPipe {
  const folder = mkdtempSync(join(tmpdir(), 'run-plan-pipe-'));
  try {
    const path = join(folder, 'pipe');
    const made = spawnSync('mkfifo', ['-m', '600', path]);
    if (made.error !== undefined) throw toolMissing('mkfifo', made.error);
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const descriptor = openSync(path, constants.O_WRONLY);
    return {
      output: new Socket({ fd: reading, readable: true, writable: false }),
      descriptor,
      closeDescriptor: () => {
        closeSync(descriptor);
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
