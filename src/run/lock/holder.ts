import { document, soundValue } from '../../base/document.ts';
import type { LockHolder } from '../../language/generated/lock-holder.types.ts';

export type { LockHolder } from '../../language/generated/lock-holder.types.ts';

const holders = document<LockHolder>({
  name: 'note of who holds a lock',
  // Ours take about 200 bytes.
  limitBytes: 64 * 1024,
  schema: () => import('../../language/generated/lock-holder.validate.ts'),
});

/** Who holds a lock, as its file says; undefined while that is not written yet, and where it cannot be read. */
export async function readHolder(file: string): Promise<LockHolder | undefined> {
  return soundValue(await holders.readFile(file));
}

/** `run nightly-prod-…-3fa9 (process 812 on db1, since 2025-01-01T02:00:00Z)`. */
export function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'another run';
  return `run ${holder.runId} (process ${String(holder.pid)} on ${holder.host}, since ${holder.startedAt})`;
}
