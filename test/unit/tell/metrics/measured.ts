import { listArtifacts } from '../../../../src/artifact/store.ts';
import type { PlanMeasurement } from '../../../../src/tell/metrics/plan-metrics.ts';
import type { RunEnding } from '../../../../src/run/record/run-endings.ts';
import { memoryRepository } from '../../../fixtures/memory-repository.ts';
import { storeArtifact } from '../../../fixtures/stored-artifact.ts';

export const now = new Date('2026-11-24T08:00:00Z');

export function ending(changes: Partial<RunEnding>): RunEnding {
  return {
    runId: 'nightly-prod-20261124T020000Z-3fa9',
    at: new Date('2026-11-24T02:05:00Z'),
    outcome: 'succeeded',
    exitCode: 0,
    durationMs: 300_000,
    stepsDurationMs: 290_000,
    missedObjective: false,
    ...changes,
  };
}

/** A plan that dumps a database with a name that needs escaping, into a repository with all kinds of artifacts. */
export async function measured(changes: Partial<PlanMeasurement> = {}): Promise<PlanMeasurement> {
  const repository = memoryRepository(now);
  const database = 'clean "ing"';
  await storeArtifact(repository, '2026-11-23T02:00:00Z', { database });
  await storeArtifact(repository, '2026-11-24T02:00:00Z', { database });
  await storeArtifact(repository, '2026-11-24T07:00:00Z', { database, verified: false });
  return {
    plan: { name: 'nightly-prod', environment: 'prod', objectives: { rpoMs: 86_400_000, rtoMs: 580_000 } },
    version: '0.1.0',
    now,
    nextRun: new Date('2026-11-25T02:00:00Z'),
    endings: [
      ending({ at: new Date('2026-11-22T02:00:00Z'), outcome: 'interrupted', exitCode: null }),
      ending({}),
      ending({ at: new Date('2026-11-24T07:05:00Z'), outcome: 'failed', exitCode: 20, durationMs: 1500 }),
    ],
    lastBytes: 42,
    repositories: [
      { environment: 'prod', database, contents: { now, artifacts: await listArtifacts(repository) } },
      { environment: 'gone', database: 'shop' },
    ],
    ...changes,
  };
}
