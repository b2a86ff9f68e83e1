import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const sampleEveryMs = 50;

/**
 * The highest resident size of one process (not of its children) while it lives, in bytes: the kernel's own high-water
 * mark, read until the process is gone, so that no peak falls between two samples.
 */
export async function peakMemory(child: ChildProcess): Promise<number> {
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${String(child.pid)}/status`, 'utf8').catch(() => '');
    const kibibytes = /^VmHWM:\s+(?<size>\d+) kB$/m.exec(status)?.groups?.['size'];
    if (kibibytes !== undefined) peak = Math.max(peak, Number(kibibytes) * 1024);
    await delay(sampleEveryMs);
  }
  return peak;
}
