import { listRecords } from '../run/record/store.ts';
import type { RunRecord } from '../language/generated/run-record.types.ts';
import { restorePlanName } from './restore-plan.ts';

/** A restore that was done, as its record tells it. */
export interface PastRestore {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Read from the repository. */
  readonly bytes: number;
  readonly durationMs: number;
}

/** Restores that are looked at, newest first. */
const recordsLookedAt = 20;
/** Of less than this the beginning and the end of a restore are the most, and its speed says little. */
const leastBytes = 1_000_000;

/** The newest whole restore into an environment that this host's own records know; undefined when there was none. */
export async function findPastRestore(
  stateFolder: string,
  environment: string,
): Promise<PastRestore | undefined> {
  const { records } = await listRecords({ stateFolder }, { plan: restorePlanName, limit: recordsLookedAt });
  return newestRestore(records, environment);
}

/** The same from records, newest first. Pure. */
export function newestRestore(records: readonly RunRecord[], environment: string): PastRestore | undefined {
  for (const { environment: where, parameters, steps } of records) {
    if (where !== environment || parameters['part'] !== undefined) continue;
    const step = steps.find(
      ({ action, outcome }) => action === 'postgres-restore' && outcome === 'succeeded',
    );
    const { startedAt = null, bytes = 0, durationMs = 0 } = step ?? {};
    if (startedAt === null || bytes === null || bytes < leastBytes || durationMs <= 0) continue;
    return { at: startedAt, bytes, durationMs };
  }
  return undefined;
}

/** How long so many bytes take at that restore's speed, milliseconds. */
export function estimateMs(past: PastRestore, bytes: number): number {
  return (past.durationMs * bytes) / past.bytes;
}
