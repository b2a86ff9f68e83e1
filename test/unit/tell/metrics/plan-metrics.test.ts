import { expect, test } from 'vitest';
import { brokenSamples, planSamples } from '../../../../src/tell/metrics/plan-metrics.ts';
import type { MetricName, MetricSample } from '../../../../src/tell/metrics/families.ts';
import { listArtifacts } from '../../../../src/artifact/store.ts';
import { memoryRepository } from '../../../fixtures/memory-repository.ts';
import { storeArtifact } from '../../../fixtures/stored-artifact.ts';
import { ending, measured } from './measured.ts';

function valuesOf(samples: readonly MetricSample[], name: MetricName): readonly number[] {
  return samples.filter((sample) => sample.name === name).map(({ value }) => value);
}

test('a plan is measured by its runs, its objectives and what the repository holds', async () => {
  const samples = planSamples(await measured());
  const told = Object.fromEntries(
    [...new Set(samples.map(({ name }) => name))].map((name) => [name, valuesOf(samples, name)]),
  );
  const at = (time: string): number => Date.parse(time) / 1000;
  expect(told).toEqual({
    run_plan_info: [1],
    run_plan_valid: [1],
    run_plan_metrics_written_timestamp_seconds: [at('2026-11-24T08:00:00Z')],
    run_plan_next_run_timestamp_seconds: [at('2026-11-25T02:00:00Z')],
    run_plan_last_run_timestamp_seconds: [at('2026-11-24T07:05:00Z')],
    run_plan_last_run_exit_code: [20],
    run_plan_last_run_duration_seconds: [1.5],
    run_plan_last_run_bytes: [42],
    run_plan_last_success_timestamp_seconds: [at('2026-11-24T02:05:00Z')],
    run_plan_runs_total: [1, 1, 0, 1],
    run_plan_rpo_seconds: [86_400],
    run_plan_rto_seconds: [580],
    run_plan_recovery_duration_seconds: [290],
    run_plan_rto_ratio: [0.5],
    run_plan_repository_up: [1, 0],
    run_plan_artifacts: [2, 1, 0],
    run_plan_artifact_verified: [0],
    run_plan_artifact_bytes: [expect.any(Number)],
    run_plan_artifact_recovery_point_timestamp_seconds: [at('2026-11-24T02:00:00Z')],
    run_plan_artifact_age_seconds: [6 * 3600],
    run_plan_rpo_ratio: [0.25],
  });
});

test('partial artifacts are a state of their own, and their age is nobody\u2019s', async () => {
  const repository = memoryRepository();
  const database = 'shop';
  await storeArtifact(repository, '2026-11-23T08:00:00Z', { database });
  await storeArtifact(repository, '2026-11-24T07:00:00Z', {
    database,
    change: (manifest) => ({
      ...manifest,
      partial: { onlySchemas: ['billing'], relations: 3, withoutRows: 0 },
    }),
  });
  const artifacts = await listArtifacts(repository);
  const { now } = await measured();
  const samples = planSamples(
    await measured({ repositories: [{ environment: 'prod', database, contents: { now, artifacts } }] }),
  );
  const states = samples.filter(({ name }) => name === 'run_plan_artifacts');
  expect(states.map(({ labels, value }) => `${labels['state'] ?? ''} ${String(value)}`)).toEqual([
    'verified 1',
    'unverified 0',
    'damaged 0',
    'partial 1',
  ]);
  expect(valuesOf(samples, 'run_plan_artifact_age_seconds')).toEqual([24 * 3600]);
});

test('what is not known has no sample: a plan that never ran, dumps nothing and has no objectives', async () => {
  const plan = { name: 'new', environment: 'prod', objectives: {} };
  const { version, now } = await measured();
  const samples = planSamples({
    ...{ plan, version, now },
    ...{ nextRun: undefined, endings: [], lastBytes: undefined, repositories: [] },
  });
  expect([...new Set(samples.map(({ name }) => name))]).toEqual([
    'run_plan_info',
    'run_plan_valid',
    'run_plan_metrics_written_timestamp_seconds',
    'run_plan_runs_total',
  ]);
});

test('a recovery that missed its objective counts with its time, one that failed does not', async () => {
  const endings = [
    ending({ stepsDurationMs: 1_160_000, outcome: 'failed', exitCode: 22, missedObjective: true }),
    ending({ stepsDurationMs: 1000, outcome: 'failed', exitCode: 20 }),
  ];
  expect(valuesOf(planSamples(await measured({ endings })), 'run_plan_rto_ratio')).toEqual([2]);
});

test('an expected database without any artifact is counted with none', async () => {
  const { now, repositories } = await measured();
  const empty = { environment: 'prod', database: 'shop', contents: { now, artifacts: [] } };
  const samples = planSamples(await measured({ repositories: [empty, ...repositories.slice(1)] }));
  expect(valuesOf(samples, 'run_plan_artifacts')).toEqual([0, 0, 0]);
  expect(valuesOf(samples, 'run_plan_artifact_bytes')).toEqual([]);
});

test('of a plan with errors only that is known', () => {
  expect(brokenSamples('x')).toEqual([{ name: 'run_plan_valid', labels: { plan: 'x' }, value: 0 }]);
});
