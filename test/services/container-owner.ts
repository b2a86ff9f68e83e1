import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names a process for the label of a container that it starts: `HOST NAMESPACE PID START`. A number that another process
 * has by now, here or elsewhere, is not this one. Undefined when it does not run.
 */
export function nameOwner(pid: number): string | undefined {
  if (process.platform !== 'linux') return isRunning(pid) ? `${hostname()} - ${pid} -` : undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // `pid (name) state …`, where the name may hold anything: the start is the 22nd field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')} ${pid} ${fields[19] ?? ''}`;
  } catch {
    return undefined;
  }
}

/** Whether the owner that a label names has ended. Of one that cannot be seen from here nothing is known: it has not. */
export function hasEnded(label: string): boolean {
  const [host, namespace, pid] = label.split(' ');
  const [ownHost, ownNamespace] = nameOwner(process.pid)?.split(' ') ?? [];
  return host === ownHost && namespace === ownNamespace && nameOwner(Number(pid)) !== label;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
