import { readFile } from 'node:fs/promises';

/** Who holds a lock, as its file says. */
export interface LockHolder {
  readonly runId: string;
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** Reads a lock file's text; undefined while its holder has not written it yet. */
export function parseHolder(text: string): LockHolder | undefined {
  try {
    const value = JSON.parse(text) as Partial<LockHolder> | null;
    if (typeof value?.runId !== 'string' || typeof value.pid !== 'number') return undefined;
    return {
      runId: value.runId,
      pid: value.pid,
      host: String(value.host),
      startedAt: String(value.startedAt),
    };
  } catch {
    return undefined;
  }
}

export async function readHolder(file: string): Promise<LockHolder | undefined> {
  return parseHolder(await readFile(file, 'utf8').catch(() => ''));
}

/** `run nightly-prod-…-3fa9 (process 812 on db1, since 2025-01-01T02:00:00Z)`. */
export function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'another run';
  return `run ${holder.runId} (process ${String(holder.pid)} on ${holder.host}, since ${holder.startedAt})`;
}
