// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * What a run that restores something has shown. Kept as evidence/<plan>/<runId>.json; every other document of the drill is made from it.
 */
export interface DrillEvidence {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * The run.
   */
  runId: string;
  /**
   * Name of the plan.
   */
  plan: string;
  /**
   * The plan's description.
   */
  description: string | null;
  verdict: EvidenceVerdict;
  where: EvidencePlace;
  run: EvidenceRun;
  recoveryTime: EvidenceRecoveryTime;
  recoveryPointAge: EvidenceRecoveryPointAge;
  /**
   * What was restored.
   */
  restores: EvidenceRestore[];
  /**
   * Every step in order.
   */
  steps: EvidenceStep[];
  /**
   * Everything that was asserted.
   */
  checks: EvidenceCheck[];
  /**
   * Test reports.
   */
  tests: EvidenceTests[];
  /**
   * Restored rows held against the manifest's.
   */
  comparisons: EvidenceComparison[];
  /**
   * Questions to people.
   */
  signOffs: EvidenceSignOff[];
  /**
   * Watches over running services.
   */
  probes: EvidenceProbes[];
  /**
   * What to work on.
   */
  blockers: EvidenceBlocker[];
  /**
   * What the run and its steps said.
   */
  notes: EvidenceNote[];
  /**
   * What this drill does not prove.
   *
   * Items: One limit.
   */
  limits: string[];
  trend: EvidenceTrend;
}
/**
 * How the drill ended.
 */
export interface EvidenceVerdict {
  /**
   * passed: recovered, and within the RTO where there is one.
   */
  state: 'passed' | 'failed' | 'rto-missed' | 'interrupted';
  /**
   * In one sentence.
   */
  sentence: string;
  /**
   * Questions that no person has answered yet.
   */
  openSignOffs: number;
}
/**
 * Who ran it, and from what.
 */
export interface EvidencePlace {
  /**
   * The plan's environment.
   */
  environment: string;
  /**
   * The environment's owner.
   */
  owner: string | null;
  /**
   * Host that ran it.
   */
  host: string;
  /**
   * Account that ran it.
   */
  account: string;
  /**
   * The plan's file.
   */
  planFile: string;
  /**
   * sha256 of that file, hex.
   */
  planHash: string;
  /**
   * The plan's parameters, as they were set.
   */
  parameters: {
    /**
     * A value.
     */
    [k: string]: string | undefined;
  };
  /**
   * Of run-plan, Node and others.
   */
  versions: {
    /**
     * A version.
     */
    [k: string]: string | undefined;
  };
}
/**
 * The run as a whole.
 */
export interface EvidenceRun {
  /**
   * How it ended.
   */
  outcome: 'succeeded' | 'failed' | 'cancelled';
  /**
   * The process' exit code.
   */
  exitCode: number | null;
  /**
   * ISO 8601, UTC.
   */
  startedAt: string;
  /**
   * ISO 8601, UTC.
   */
  finishedAt: string;
  /**
   * Whole run, milliseconds on a monotonic clock.
   */
  durationMs: number;
  /**
   * Id of the step whose failure the error is.
   */
  failedStep?: string;
  /**
   * Sum of the steps' bytes.
   */
  bytes: number;
  /**
   * Why it did not succeed.
   */
  error: EvidenceFailure | null;
}
/**
 * What went wrong.
 */
export interface EvidenceFailure {
  /**
   * Stable word of the catalogue.
   */
  code: string;
  /**
   * What happened.
   */
  message: string;
  /**
   * What to do about it.
   */
  hint: string | null;
  /**
   * Place in a file, a key, a table.
   */
  where: string | null;
}
/**
 * Wall time of the phase steps, held against the RTO.
 */
export interface EvidenceRecoveryTime {
  /**
   * Milliseconds on a monotonic clock; 0 when it was not reached.
   */
  durationMs: number;
  /**
   * The plan's RTO, milliseconds.
   */
  rtoMs: number | null;
  /**
   * unknown: the steps did not end well, so their time is no recovery time.
   */
  state: 'met' | 'missed' | 'unknown' | 'no-objective';
}
/**
 * Age of the oldest restored recovery point, held against the RPO.
 */
export interface EvidenceRecoveryPointAge {
  /**
   * Milliseconds; null when nothing was restored.
   */
  ageMs: number | null;
  /**
   * The plan's RPO, milliseconds.
   */
  rpoMs: number | null;
  /**
   * unknown: there is an RPO, and the age is not known.
   */
  state: 'met' | 'missed' | 'unknown' | 'no-objective';
}
/**
 * A restored artifact; null is what its task did not tell.
 */
export interface EvidenceRestore {
  /**
   * Id of the step.
   */
  step: string;
  /**
   * Environment that it was restored into.
   */
  environment: string;
  /**
   * The artifact's name; null for a file of another tool.
   */
  artifact: string | null;
  /**
   * Environment whose repository holds it.
   */
  from: string | null;
  /**
   * The repository's location, or the file's path.
   */
  source: string;
  /**
   * The part of the artifact that was asked for, when not the whole.
   */
  partial: string | null;
  /**
   * What a partial artifact holds or lacks; absent of one that holds the whole database.
   */
  artifactPartial?: string;
  /**
   * Of what was restored, hex.
   */
  sha256: string | null;
  /**
   * Of the artifact's manifest, hex.
   */
  manifestSha256: string | null;
  /**
   * Version of the stored object, where the store has versions.
   */
  versionId: string | null;
  /**
   * When the dump began (ISO 8601, UTC).
   */
  createdAt: string | null;
  /**
   * The instant that the artifact's data represents.
   */
  recoveryPoint: EvidenceRecoveryPoint | null;
  /**
   * Age of the recovery point when the restore began, milliseconds.
   */
  recoveryPointAgeMs: number | null;
  /**
   * pg_dump's format.
   */
  format: string | null;
  /**
   * Size of the stored dump.
   */
  storedBytes: number | null;
  /**
   * Before compression.
   */
  rawBytes: number | null;
  /**
   * Size of the source database with its indexes.
   */
  sourceDatabaseBytes: number | null;
  /**
   * Where it was restored.
   */
  target: EvidenceTarget | null;
  /**
   * The server that was dumped.
   */
  dumpedFrom: EvidenceServer | null;
  /**
   * Versions of the programs that restored it, by name.
   */
  tools: {
    /**
     * A version.
     */
    [k: string]: string | undefined;
  };
  /**
   * Parallel jobs of pg_restore.
   */
  jobs: number | null;
  /**
   * Settings of the restore's own sessions.
   */
  settings: {
    /**
     * A value.
     */
    [k: string]: string | undefined;
  };
  /**
   * pg_restore's errors that are known to be harmless.
   */
  harmless: EvidenceHarmless[];
  /**
   * What was found wrong or worth a look after the load.
   *
   * Items: One remark.
   */
  remarks: string[];
}
/**
 * The instant that an artifact's data represents.
 */
export interface EvidenceRecoveryPoint {
  /**
   * The dumped server's clock (ISO 8601, UTC).
   */
  time: string;
  /**
   * The repository's own clock at that moment (ISO 8601, UTC).
   */
  storeTime: string | null;
  /**
   * Write-ahead log position.
   */
  lsn: string | null;
}
/**
 * A restored database and its server.
 */
export interface EvidenceTarget {
  /**
   * Host name, address, or socket folder.
   */
  host: string;
  /**
   * Port.
   */
  port: number | null;
  /**
   * Name of the database.
   */
  database: string | null;
  /**
   * As the server says it.
   */
  serverVersion: string | null;
  /**
   * Identity of the cluster.
   */
  systemIdentifier: string | null;
  /**
   * Size of the restored database with its indexes.
   */
  databaseBytes: number | null;
}
/**
 * A Postgres server.
 */
export interface EvidenceServer {
  /**
   * As the server says it.
   */
  serverVersion: string | null;
  /**
   * Identity of the cluster.
   */
  systemIdentifier: string | null;
}
/**
 * One harmless message.
 */
export interface EvidenceHarmless {
  /**
   * What it is about.
   */
  object: string;
  /**
   * pg_restore's words.
   */
  message: string;
  /**
   * Why it does no harm.
   */
  reason: string;
}
/**
 * One step of the run.
 */
export interface EvidenceStep {
  /**
   * Its id in the plan.
   */
  id: string;
  /**
   * Its name for people.
   */
  name: string;
  /**
   * Its part of the plan.
   */
  phase: 'prepare' | 'steps' | 'cleanup';
  /**
   * The task's name, run or confirm.
   */
  action: string;
  /**
   * How it ended.
   */
  outcome: 'succeeded' | 'failed' | 'skipped' | 'cancelled';
  /**
   * Why it was skipped or cancelled.
   */
  reason: string | null;
  /**
   * ISO 8601, UTC; null when it did not start.
   */
  startedAt: string | null;
  /**
   * From the run's start, milliseconds; null when it did not start.
   */
  offsetMs: number | null;
  /**
   * Every attempt and the delays between, milliseconds on a monotonic clock.
   */
  durationMs: number;
  /**
   * How often it was tried.
   */
  attempts: number;
  /**
   * Bytes that it moved.
   */
  bytes: number | null;
  /**
   * Bytes by duration, 1 MB = 1,000,000 bytes.
   */
  megabytesPerSecond: number | null;
  /**
   * Why it failed.
   */
  error: EvidenceFailure | null;
  /**
   * Its parts, where its task told them.
   */
  phases: EvidencePhase[];
}
/**
 * One part of a longer step.
 */
export interface EvidencePhase {
  /**
   * Its name.
   */
  name: string;
  /**
   * From the step's start, milliseconds.
   */
  offsetMs: number;
  /**
   * Its wall time, milliseconds.
   */
  durationMs: number;
  /**
   * Bytes that it moved, where that is known.
   */
  bytes: number | null;
  /**
   * Bytes by duration, 1 MB = 1,000,000 bytes.
   */
  megabytesPerSecond: number | null;
}
/**
 * One thing that a step asserted.
 */
export interface EvidenceCheck {
  /**
   * Id of the step.
   */
  step: string;
  /**
   * Its name.
   */
  name: string;
  /**
   * Its result.
   */
  state: 'passed' | 'failed';
  /**
   * What was wanted.
   */
  expected: string | null;
  /**
   * What was found.
   */
  found: string | null;
  /**
   * Why it failed, when expected and found do not say it.
   */
  message: string | null;
  /**
   * Milliseconds.
   */
  durationMs: number | null;
}
/**
 * One test report's counts.
 */
export interface EvidenceTests {
  /**
   * Id of the step.
   */
  step: string;
  /**
   * How many.
   */
  tests: number;
  /**
   * Tests that failed.
   */
  failures: number;
  /**
   * Tests that broke.
   */
  errors: number;
  /**
   * Tests that were skipped.
   */
  skipped: number;
  /**
   * Sum of the suites' own times, milliseconds.
   */
  durationMs: number;
  /**
   * The first failed tests.
   */
  failed: EvidenceFailedTest[];
}
/**
 * One failed test.
 */
export interface EvidenceFailedTest {
  /**
   * Its name.
   */
  name: string;
  /**
   * What it said.
   */
  message: string;
}
/**
 * Restored tables held against the manifest's fingerprint.
 */
export interface EvidenceComparison {
  /**
   * Id of the step.
   */
  step: string;
  /**
   * How they were compared.
   */
  mode: 'counts' | 'content' | 'none';
  /**
   * Whose manifest.
   */
  artifact: string | null;
  /**
   * Tables that were compared.
   */
  tables: number;
  /**
   * Rows of these, as restored.
   */
  rows: number;
  /**
   * What differs.
   */
  differences: EvidenceDifference[];
}
/**
 * One table that differs.
 */
export interface EvidenceDifference {
  /**
   * schema.table.
   */
  table: string;
  /**
   * By the manifest.
   */
  expected: string;
  /**
   * As restored.
   */
  found: string;
}
/**
 * One question to a person.
 */
export interface EvidenceSignOff {
  /**
   * Id of the step.
   */
  step: string;
  /**
   * Its name for `run-plan sign-off`.
   */
  check: string;
  /**
   * What to look at.
   */
  text: string;
  /**
   * What was said of it.
   */
  state: 'open' | 'signed' | 'rejected';
  /**
   * Who said it.
   */
  by: string | null;
  /**
   * When (ISO 8601, UTC).
   */
  at: string | null;
  /**
   * What they said besides.
   */
  note: string | null;
}
/**
 * What a watch over a running service has measured.
 */
export interface EvidenceProbes {
  /**
   * Id of the step.
   */
  step: string;
  /**
   * How many.
   */
  probes: number;
  /**
   * How many failed.
   */
  errors: number;
  /**
   * 0 to 1.
   */
  errorRate: number;
  /**
   * 95 of 100 were answered within, milliseconds.
   */
  p95Ms: number | null;
  /**
   * How long was watched, milliseconds.
   */
  durationMs: number;
}
/**
 * What stood between this run and a good recovery.
 */
export interface EvidenceBlocker {
  /**
   * failed: it ended the recovery. slow: it took long. objective: an objective was missed.
   */
  kind: 'failed' | 'slow' | 'objective';
  /**
   * Id of the step.
   */
  step: string | null;
  /**
   * What happened.
   */
  what: string;
  /**
   * What to do about it.
   */
  toDo: string | null;
}
/**
 * One thing that the run or a step said.
 */
export interface EvidenceNote {
  /**
   * Id of the step; null: the run.
   */
  step: string | null;
  /**
   * Whether an operator should act on it.
   */
  level: 'note' | 'warning';
  /**
   * The note.
   */
  text: string;
}
/**
 * This drill among the earlier ones of its plan.
 */
export interface EvidenceTrend {
  /**
   * The drills, oldest first, this one last.
   */
  points: TrendPoint[];
  forecast: EvidenceForecast;
}
/**
 * One drill.
 */
export interface TrendPoint {
  /**
   * Its run.
   */
  runId: string;
  /**
   * When it started (ISO 8601, UTC).
   */
  at: string;
  /**
   * How it ended.
   */
  verdict: 'passed' | 'failed' | 'rto-missed' | 'interrupted';
  /**
   * Its recovery time, milliseconds.
   */
  recoveryMs: number;
  /**
   * Size of what was restored.
   */
  databaseBytes: number | null;
}
/**
 * When the RTO would be missed as the database grows.
 */
export interface EvidenceForecast {
  /**
   * Whether there is a date.
   */
  state: 'dated' | 'not-within-ten-years' | 'missed-now' | 'none';
  /**
   * First day (UTC) on which the RTO would be missed.
   */
  date: string | null;
  /**
   * Why there is no date.
   */
  reason: string | null;
  /**
   * Growth of the database.
   */
  growthBytesPerDay: number | null;
  /**
   * Recovery time by size, 1 GB = 1,000,000,000 bytes.
   */
  millisecondsPerGigabyte: number | null;
}
