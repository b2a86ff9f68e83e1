import type { Artifact } from '../../artifact/artifact.ts';
import { newestFirst } from '../../artifact/artifact.ts';
import { isPartial } from '../../artifact/partial.ts';
import { judgeFreshness } from '../../artifact/freshness.ts';
import type { Plan } from '../../language/plan/plan.ts';
import type { RunEnding } from '../../run/record/run-endings.ts';
import type { MetricName, MetricSample } from './families.ts';

/** All that is measured of a plan. */
export interface PlanMeasurement {
  readonly plan: Pick<Plan, 'name' | 'environment' | 'objectives'>;
  readonly version: string;
  readonly now: Date;
  readonly nextRun: Date | undefined;
  /** This host's, oldest first. */
  readonly endings: readonly RunEnding[];
  /** Of the last run's steps. */
  readonly lastBytes: number | undefined;
  /** Repositories into which it dumps. */
  readonly repositories: readonly MeasuredRepository[];
}

/** The repository of an environment that a plan dumps; without contents it could not be listed. */
export interface MeasuredRepository {
  readonly environment: string;
  readonly database: string | undefined;
  readonly contents?: { readonly now: Date; readonly artifacts: readonly Artifact[] };
}

type Labels = Readonly<Record<string, string>>;

/** The samples of a plan. What is not known has none. Pure. */
export function planSamples(measured: PlanMeasurement): readonly MetricSample[] {
  const { plan, version, now, nextRun } = measured;
  const labels = { plan: plan.name };
  return [
    sample('run_plan_info', { ...labels, environment: plan.environment, version }, 1),
    sample('run_plan_valid', labels, 1),
    sample('run_plan_metrics_written_timestamp_seconds', labels, secondsOf(now)),
    ...maybe('run_plan_next_run_timestamp_seconds', labels, nextRun && secondsOf(nextRun)),
    ...runSamples(measured, labels),
    ...objectiveSamples(measured, labels),
    ...measured.repositories.flatMap((repository) => repositorySamples(repository, plan, labels)),
  ];
}

/** Of a plan whose file has errors nothing else is known. Pure. */
export function brokenSamples(plan: string): readonly MetricSample[] {
  return [sample('run_plan_valid', { plan }, 0)];
}

function runSamples({ endings, lastBytes }: PlanMeasurement, labels: Labels): readonly MetricSample[] {
  const last = endings.at(-1);
  const success = endings.findLast(({ outcome }) => outcome === 'succeeded');
  return [
    ...maybe('run_plan_last_run_timestamp_seconds', labels, last && secondsOf(last.at)),
    ...maybe('run_plan_last_run_exit_code', labels, last?.exitCode ?? undefined),
    ...maybe('run_plan_last_run_duration_seconds', labels, last && last.durationMs / 1000),
    ...maybe('run_plan_last_run_bytes', labels, lastBytes),
    ...maybe('run_plan_last_success_timestamp_seconds', labels, success && secondsOf(success.at)),
    ...(['succeeded', 'failed', 'cancelled', 'interrupted'] as const).map((outcome) =>
      sample(
        'run_plan_runs_total',
        { ...labels, outcome },
        endings.filter((ending) => ending.outcome === outcome).length,
      ),
    ),
  ];
}

function objectiveSamples({ plan, endings }: PlanMeasurement, labels: Labels): readonly MetricSample[] {
  const { rpoMs, rtoMs } = plan.objectives;
  const recovery =
    rtoMs === undefined
      ? undefined
      : endings.findLast(({ outcome, missedObjective }) => outcome === 'succeeded' || missedObjective);
  return [
    ...maybe('run_plan_rpo_seconds', labels, rpoMs && rpoMs / 1000),
    ...maybe('run_plan_rto_seconds', labels, rtoMs && rtoMs / 1000),
    ...maybe('run_plan_recovery_duration_seconds', labels, recovery && recovery.stepsDurationMs / 1000),
    ...maybe('run_plan_rto_ratio', labels, rtoMs && recovery && recovery.stepsDurationMs / rtoMs),
  ];
}

function repositorySamples(
  { environment, database, contents }: MeasuredRepository,
  { objectives: { rpoMs } }: PlanMeasurement['plan'],
  planLabels: Labels,
): readonly MetricSample[] {
  const labels = { ...planLabels, environment };
  if (contents === undefined) return [sample('run_plan_repository_up', labels, 0)];
  const { now, artifacts } = contents;
  const judged = judgeFreshness(artifacts, {
    now,
    expected: database === undefined ? [] : [{ environment, database }],
  }).filter((each) => each.environment === environment);
  return [
    sample('run_plan_repository_up', labels, 1),
    ...judged.flatMap(({ database: name, newest }) => {
      const all = artifacts.filter(
        (artifact) => artifact.database === name && artifact.environment === environment,
      );
      const own = all.filter((artifact) => !isPartial(artifact)).sort(newestFirst);
      const partial = all.length - own.length;
      const each = { ...labels, database: name };
      return [
        ...(['verified', 'unverified', 'damaged'] as const).map((state) =>
          sample(
            'run_plan_artifacts',
            { ...each, state },
            own.filter((artifact) => artifact.state === state).length,
          ),
        ),
        ...maybe('run_plan_artifacts', { ...each, state: 'partial' }, partial > 0 ? partial : undefined),
        sample('run_plan_artifact_verified', each, own[0]?.state === 'verified' ? 1 : 0),
        ...maybe('run_plan_artifact_bytes', each, newest?.bytes),
        ...maybe(
          'run_plan_artifact_recovery_point_timestamp_seconds',
          each,
          newest && secondsOf(newest.recoveryPoint),
        ),
        ...maybe('run_plan_artifact_age_seconds', each, newest && newest.ageMs / 1000),
        ...maybe('run_plan_rpo_ratio', each, rpoMs && newest && newest.ageMs / rpoMs),
      ];
    }),
  ];
}

function sample(name: MetricName, labels: Labels, value: number): MetricSample {
  return { name, labels, value };
}

function maybe(name: MetricName, labels: Labels, value: number | undefined): readonly MetricSample[] {
  return value === undefined ? [] : [sample(name, labels, value)];
}

function secondsOf(time: Date): number {
  return time.getTime() / 1000;
}
