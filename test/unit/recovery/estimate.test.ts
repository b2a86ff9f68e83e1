import { expect, test } from 'vitest';
import { estimateMs, newestRestore } from '../../../src/recovery/estimate.ts';
import type { RecordedStep, RunRecord } from '../../../src/language/generated/run-record.types.ts';

function record(changes: Partial<RunRecord>, step: Partial<RecordedStep> = {}): RunRecord {
  const startedAt = '2025-01-01T00:00:00.000Z';
  return {
    format: 1,
    runId: 'restore-20250101T000000Z-0000',
    plan: 'restore',
    planHash: '0'.repeat(64),
    environment: 'staging',
    host: 'h',
    pid: 1,
    versions: {},
    parameters: {},
    complete: true,
    outcome: 'succeeded',
    exitCode: 0,
    startedAt,
    finishedAt: startedAt,
    durationMs: 1,
    stepsDurationMs: 1,
    bytes: 0,
    warnings: [],
    interruptedRuns: [],
    ...changes,
    steps: [
      {
        id: 'postgres-restore',
        name: 'postgres-restore',
        phase: 'steps',
        action: 'postgres-restore',
        outcome: 'succeeded',
        startedAt,
        durationMs: 60_000,
        attempts: 1,
        bytes: 100_000_000,
        megabytesPerSecond: 1,
        retries: [],
        output: [],
        notes: [],
        ...step,
      },
    ],
  };
}

test('the newest whole restore into the same environment gives the speed', () => {
  const found = newestRestore([record({}), record({}, { durationMs: 1 })], 'staging');
  expect(found).toEqual({ at: '2025-01-01T00:00:00.000Z', bytes: 100_000_000, durationMs: 60_000 });
  expect(found && estimateMs(found, 50_000_000)).toBe(30_000);
});

test.each<[string, RunRecord]>([
  ['another environment', record({ environment: 'prod' })],
  ['a part of an artifact', record({ parameters: { part: 'schema-only' } })],
  ['a failure', record({}, { outcome: 'failed' })],
  ['a few bytes', record({}, { bytes: 5000 })],
  ['unknown bytes', record({}, { bytes: null })],
])('%s says nothing', (_, other) => {
  expect(newestRestore([other], 'staging')).toBeUndefined();
});
