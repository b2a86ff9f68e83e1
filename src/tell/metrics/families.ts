/** A kind of measurement: its samples differ in their labels. */
export interface MetricFamily {
  readonly type: 'gauge' | 'counter';
  /** One sentence, as Prometheus shows it. */
  readonly help: string;
}

/**
 * Every metric. Names follow https://prometheus.io/docs/practices/naming: seconds, bytes, ratios. What ages is told as the
 * instant it began, because a file that nobody writes any more would show yesterday's age for ever; ages and ratios beside
 * it are those of the moment of writing.
 */
export const metricFamilies = {
  run_plan_info: { type: 'gauge', help: 'A plan and the run-plan that knows it; always 1.' },
  run_plan_valid: { type: 'gauge', help: 'Whether the file of a plan is without errors.' },
  run_plan_metrics_written_timestamp_seconds: { type: 'gauge', help: 'When these metrics were written.' },
  run_plan_next_run_timestamp_seconds: {
    type: 'gauge',
    help: 'When the plan was due next, by its schedule, as these metrics were written.',
  },
  run_plan_last_run_timestamp_seconds: { type: 'gauge', help: 'When the last run on this host ended.' },
  run_plan_last_run_exit_code: { type: 'gauge', help: 'Exit code of the last run on this host.' },
  run_plan_last_run_duration_seconds: { type: 'gauge', help: 'How long the last run on this host took.' },
  run_plan_last_run_bytes: {
    type: 'gauge',
    help: 'Bytes that the steps of the last run on this host have moved.',
  },
  run_plan_last_success_timestamp_seconds: {
    type: 'gauge',
    help: 'When the last run on this host ended that succeeded.',
  },
  run_plan_runs_total: { type: 'counter', help: 'Runs on this host by outcome.' },
  run_plan_rto_seconds: { type: 'gauge', help: 'Greatest tolerable time to restore, by the plan.' },
  run_plan_recovery_duration_seconds: {
    type: 'gauge',
    help: 'How long the steps of the last run took that recovered, within the RTO or not.',
  },
  run_plan_rto_ratio: {
    type: 'gauge',
    help: 'Share of the RTO that the last recovery took; above 1 it was missed.',
  },
  run_plan_rpo_seconds: { type: 'gauge', help: 'Greatest tolerable age of data, by the plan.' },
  run_plan_repository_up: {
    type: 'gauge',
    help: 'Whether the repository could be listed as these metrics were written.',
  },
  run_plan_artifacts: {
    type: 'gauge',
    help: 'Artifacts in the repository by state; those of a part of the database are state partial.',
  },
  run_plan_artifact_verified: {
    type: 'gauge',
    help: 'Whether the newest artifact of the whole database was read back and found intact.',
  },
  run_plan_artifact_bytes: { type: 'gauge', help: 'Stored size of the newest verified artifact.' },
  run_plan_artifact_recovery_point_timestamp_seconds: {
    type: 'gauge',
    help: 'The instant that the newest verified artifact represents.',
  },
  run_plan_artifact_age_seconds: {
    type: 'gauge',
    help: 'Age of that instant as these metrics were written.',
  },
  run_plan_rpo_ratio: {
    type: 'gauge',
    help: 'Share of the RPO that this age was; above 1 it was missed.',
  },
} as const satisfies Readonly<Record<string, MetricFamily>>;

export type MetricName = keyof typeof metricFamilies;

/** One measurement. */
export interface MetricSample {
  readonly name: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
