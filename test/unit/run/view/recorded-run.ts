import type { RunEvent } from '../../../../src/run/record/event.ts';

/** Ten seconds into the run, as every event's `at` has it. */
function at(seconds: number): string {
  return new Date(Date.parse('2026-11-22T02:00:00Z') + seconds * 1000).toISOString();
}

function progressOfDump(seconds: number): RunEvent {
  const elapsedMs = (seconds - 20) * 1000;
  return {
    type: 'step-progress',
    at: at(seconds),
    step: 'postgres-dump',
    bytes: elapsedMs * 10_000,
    totalBytes: 400_000_000,
    elapsedMs,
  };
}

/** A run in which everything happens once: phases, a retry, progress, warnings, and each of the four outcomes. */
export const recordedRun: readonly RunEvent[] = [
  {
    type: 'run-started',
    at: at(0),
    runId: 'nightly-prod-20261122T020000Z-3fa9',
    plan: 'nightly-prod',
    planHash: 'a'.repeat(64),
    environment: 'prod',
    host: 'db1',
    pid: 4711,
    versions: { 'run-plan': '0.1.0' },
    parameters: {},
    steps: [
      { id: 'seed', name: 'seed', phase: 'prepare', action: 'run' },
      { id: 'postgres-dump', name: 'Dump the database', phase: 'steps', action: 'postgres-dump' },
      { id: 'artifact-verify', name: 'artifact-verify', phase: 'steps', action: 'artifact-verify' },
      { id: 'artifact-prune', name: 'artifact-prune', phase: 'steps', action: 'artifact-prune' },
      { id: 'notify', name: 'notify', phase: 'cleanup', action: 'run' },
    ],
  },
  {
    type: 'run-interrupted-found',
    at: at(1),
    runId: 'nightly-prod-20261121T020000Z-07bc',
    lastEventAt: '2026-11-21T02:11:05.120Z',
    step: 'postgres-dump',
  },
  { type: 'step-started', at: at(2), step: 'seed', attempt: 1 },
  {
    type: 'step-output',
    at: at(3),
    step: 'seed',
    stream: 'stdout',
    line: '\u001b[31mred\u001b[0m\rand a bell\u0007',
  },
  { type: 'step-output', at: at(3), step: 'seed', stream: 'stderr', line: '::error file=x::forged 100 %' },
  { type: 'step-finished', at: at(4), step: 'seed', outcome: 'succeeded', durationMs: 420, attempts: 1 },
  { type: 'step-started', at: at(5), step: 'postgres-dump', attempt: 1 },
  {
    type: 'step-retried',
    at: at(6),
    step: 'postgres-dump',
    attempt: 1,
    delayMs: 14_000,
    error: { code: 'postgres-unreachable', message: 'db.internal:5432 refused the connection' },
  },
  { type: 'step-started', at: at(20), step: 'postgres-dump', attempt: 2 },
  { type: 'step-phase', at: at(20), step: 'postgres-dump', text: 'counting rows' },
  ...[21, 25, 30, 31, 39, 40, 44].map(progressOfDump),
  { type: 'step-note', at: at(45), step: 'postgres-dump', level: 'note', text: 'recovery point 0/3000148' },
  {
    type: 'step-note',
    at: at(45),
    step: 'postgres-dump',
    level: 'warning',
    text: 'pg_dump 17 is newer than the server (15)',
  },
  {
    type: 'step-finished',
    at: at(46),
    step: 'postgres-dump',
    outcome: 'succeeded',
    durationMs: 26_000,
    attempts: 2,
    bytes: 260_000_000,
    outputs: { artifact: 'pg_cleaning_20261122T020000Z', bytes: '260000000', sha256: 'b'.repeat(64) },
  },
  { type: 'step-started', at: at(47), step: 'artifact-verify', attempt: 1 },
  { type: 'run-warning', at: at(48), text: 'the host lock is older than the run' },
  {
    type: 'step-finished',
    at: at(50),
    step: 'artifact-verify',
    outcome: 'failed',
    durationMs: 2_400,
    attempts: 1,
    bytes: 130_000_000,
    error: {
      code: 'artifact-damaged',
      message: 'pg_cleaning_20261122T020000Z.dump.zst differs from its manifest:\nsha256 0000, expected ffff',
      hint: 'The next run makes a new artifact; see whether the disk is well.',
      where: 'plans/nightly-prod.yaml:12:5',
    },
  },
  {
    type: 'run-cancelled',
    at: at(50),
    reason: { code: 'artifact-damaged', message: 'artifact-verify failed' },
  },
  {
    type: 'step-finished',
    at: at(50),
    step: 'artifact-prune',
    outcome: 'cancelled',
    durationMs: 0,
    attempts: 0,
    reason: 'artifact-verify failed',
  },
  {
    type: 'step-finished',
    at: at(50),
    step: 'notify',
    outcome: 'skipped',
    durationMs: 0,
    attempts: 0,
    reason: "when is 'no'",
  },
  {
    type: 'run-finished',
    at: at(51),
    outcome: 'failed',
    exitCode: 21,
    durationMs: 51_000,
    stepsDurationMs: 45_000,
    failedStep: 'artifact-verify',
    error: {
      code: 'artifact-damaged',
      message: 'pg_cleaning_20261122T020000Z.dump.zst differs from its manifest:\nsha256 0000, expected ffff',
      where: 'plans/nightly-prod.yaml:12:5',
    },
  },
];
