import { mkdtempSync, readdirSync, rmSync, statfsSync, chmodSync } from 'node:fs';
import { join } from 'node:path';

/** Where Linux has a file system in memory. */
const memory = '/dev/shm';
const prefix = 'run-plan-tests-';
/** What the largest tests may take at a time, and as much again; a container has 64 MB there. */
const neededBytes = 6 * 1024 ** 3;

/**
 * Makes memory the place of all that tests write (TMPDIR of this process and its workers), where there is enough of it:
 * on some disks a new database takes a quarter of a second there, and 20 ms in memory. A TMPDIR that the caller chose
 * stays. Folders of test runs that were killed go.
 */
export function useMemoryForTemporaryFiles(): void {
  if (process.env['TMPDIR'] !== undefined || freeBytes() < neededBytes) return;
  sweep();
  const folder = mkdtempSync(join(memory, `${prefix}${process.pid}-`));
  // As /tmp: servers run as another user when this one is root, and remove what is theirs.
  chmodSync(folder, 0o1777);
  process.env['TMPDIR'] = folder;
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
}

function freeBytes(): number {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

function sweep(): void {
  for (const name of readdirSync(memory)) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : NaN;
    if (!Number.isNaN(pid) && !isAlive(pid)) rmSync(join(memory, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
