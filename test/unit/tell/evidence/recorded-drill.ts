import type { Pipeline } from '../../../../src/run/pipeline.ts';
import { buildEvidence } from '../../../../src/tell/evidence/build.ts';
import type { DrillEvidence } from '../../../../src/language/generated/drill-evidence.types.ts';
import type { RecordedStep, RunRecord } from '../../../../src/language/generated/run-record.types.ts';
import type {
  CheckFact,
  CompareFacts,
  ProbeFacts,
  RestoreFacts,
  SignOffFact,
} from '../../../../src/language/facts.ts';
import { fakePipeline, fakeStep } from '../../../fixtures/fake-run.ts';

const start = Date.parse('2026-10-01T06:00:00Z');
const minute = 60_000;

function at(offsetMs: number): string {
  return new Date(start + offsetMs).toISOString();
}

/** A step that went well; `offsetMs` from the run's start. */
export function recordedStep(id: string, offsetMs: number, more: Partial<RecordedStep> = {}): RecordedStep {
  return {
    id,
    name: id,
    phase: 'steps',
    action: id,
    outcome: 'succeeded',
    startedAt: at(offsetMs),
    durationMs: minute,
    attempts: 1,
    bytes: null,
    megabytesPerSecond: null,
    notes: [],
    retries: [],
    output: [],
    ...more,
  };
}

export const restoreFacts: RestoreFacts = {
  artifact: 'pg_cleaning_20261001T020000Z',
  from: 'prod',
  source: 's3://cleaning-backups/prod',
  sha256: 'a1'.repeat(32),
  manifestSha256: 'b2'.repeat(32),
  versionId: '3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nr8X8gdRQBpUMLUo',
  createdAt: '2026-10-01T02:00:00.000Z',
  recoveryPoint: {
    time: '2026-10-01T02:00:01.204Z',
    storeTime: '2026-10-01T02:00:01.000Z',
    lsn: '2F/9A0001B8',
  },
  recoveryPointAgeMs: 4.1 * 60 * minute,
  format: 'custom',
  storedBytes: 21_400_000_000,
  rawBytes: 61_000_000_000,
  sourceDatabaseBytes: 84_000_000_000,
  target: {
    host: 'staging.db.internal',
    port: 5432,
    database: 'drill_3fa9',
    serverVersion: '16.4 (Debian 16.4-1.pgdg120+1)',
    systemIdentifier: '7420000000000000123',
    databaseBytes: 81_500_000_000,
  },
  dumpedFrom: { serverVersion: '16.4', systemIdentifier: '7350000000000000001' },
  tools: { pg_restore: '16.4', zstd: '1.5.4' },
  jobs: 4,
  settings: { synchronous_commit: 'off', maintenance_work_mem: '2GB' },
  phases: [
    { name: 'download', offsetMs: 2_000, durationMs: 4 * minute, bytes: 21_400_000_000 },
    { name: 'create tables', offsetMs: 4 * minute + 2_000, durationMs: 20_000 },
    { name: 'load data', offsetMs: 4 * minute + 22_000, durationMs: 31 * minute, bytes: 61_000_000_000 },
    { name: 'build indexes and constraints', offsetMs: 35 * minute + 22_000, durationMs: 24 * minute },
    { name: 'analyze', offsetMs: 59 * minute + 22_000, durationMs: 3 * minute },
  ],
  harmless: [
    { object: 'SCHEMA public', message: 'schema "public" already exists', reason: 'every database has it' },
  ],
  remarks: ['statistics were gathered anew'],
};

const checks: readonly CheckFact[] = [
  { name: 'every booking has a customer', state: 'passed', expected: 'true', found: 'true', durationMs: 412 },
  {
    name: 'invoices add up <script>alert(1)</script>',
    state: 'passed',
    expected: '0',
    found: '0',
    durationMs: 1_204,
  },
  { name: 'no order is newer than the recovery point', state: 'passed', durationMs: 88 },
];

const compare: CompareFacts = {
  mode: 'content',
  artifact: restoreFacts.artifact ?? '',
  tables: 31,
  rows: 12_404_411,
  differences: [],
};

const question: SignOffFact = {
  check: 'confirm-1',
  text: 'Create a booking, view an invoice, resend a webhook',
  state: 'open',
};

const probes: ProbeFacts = { probes: 600, errors: 3, errorRate: 0.005, p95Ms: 84, durationMs: 10 * minute };

const steps: readonly RecordedStep[] = [
  recordedStep('postgres-dump', 1_000, {
    phase: 'prepare',
    durationMs: 11 * minute,
    bytes: 21_400_000_000,
    megabytesPerSecond: 32.4,
  }),
  recordedStep('postgres-restore', 11 * minute + 2_000, {
    name: 'Restore production into staging',
    durationMs: 62.5 * minute,
    bytes: 21_400_000_000,
    megabytesPerSecond: 5.71,
    facts: { restore: restoreFacts },
    notes: [{ level: 'warning', text: 'the server has the locale en_US.utf8, the source C.UTF-8' }],
  }),
  recordedStep('run-2', 74 * minute, { name: 'alembic upgrade head', action: 'run', durationMs: 40_000 }),
  recordedStep('run-3', 75 * minute, {
    name: 'pytest -q',
    action: 'run',
    durationMs: 6 * minute,
    facts: { tests: { tests: 214, failures: 0, errors: 0, skipped: 2, durationMs: 340_000, failed: [] } },
  }),
  recordedStep('restore-compare', 81 * minute, { durationMs: 9 * minute, facts: { compare } }),
  recordedStep('sql-check', 90 * minute, { durationMs: 2_000, facts: { checks } }),
  recordedStep('http-check', 90 * minute + 3_000, { durationMs: 10 * minute, facts: { probes } }),
  recordedStep('confirm-1', 101 * minute, { action: 'confirm', durationMs: 5, facts: { signOff: question } }),
  recordedStep('postgres-drop', 101 * minute + 1_000, { phase: 'cleanup', durationMs: 8_000 }),
];

/** A quarterly drill that went well, with a question still open. */
export const goodRecord: RunRecord = {
  format: 1,
  runId: 'drill-staging-20261001T060000Z-3fa9',
  plan: 'drill-staging',
  planHash: 'c3'.repeat(32),
  environment: 'staging',
  host: 'drill1.internal',
  pid: 4711,
  versions: { 'run-plan': '0.1.0', node: '24.1.0' },
  parameters: { artifact: 'latest' },
  complete: true,
  outcome: 'succeeded',
  exitCode: 0,
  startedAt: at(0),
  finishedAt: at(101 * minute + 10_000),
  durationMs: 101 * minute + 10_000,
  stepsDurationMs: 90 * minute,
  bytes: 42_800_000_000,
  warnings: [],
  interruptedRuns: [],
  steps: [...steps],
};

/** The same drill with rows lost, a check and tests red, and an RTO that it did not keep. */
export const badRecord: RunRecord = {
  ...goodRecord,
  runId: 'drill-staging-20261001T060000Z-0bad',
  outcome: 'failed',
  exitCode: 21,
  failedStep: 'restore-compare',
  error: {
    code: 'check-failed',
    message: 'public.bookings has 99,120 rows where the manifest says 99,124',
    hint: 'see whether the dump was taken while a table was being rewritten',
  },
  steps: steps.map((step) => {
    if (step.id === 'restore-compare')
      return {
        ...step,
        outcome: 'failed',
        error: {
          code: 'check-failed',
          message: 'public.bookings has 99,120 rows where the manifest says 99,124',
          hint: 'see whether the dump was taken while a table was being rewritten',
        },
        facts: {
          compare: {
            ...compare,
            differences: [{ table: 'public.bookings', expected: '99,124 rows', found: '99,120 rows' }],
          } satisfies CompareFacts,
        },
      };
    if (step.id === 'run-3')
      return {
        ...step,
        facts: {
          tests: {
            tests: 214,
            failures: 2,
            errors: 0,
            skipped: 2,
            durationMs: 340_000,
            failed: [
              { name: 'tests.test_bookings.test_create', message: 'AssertionError: assert 500 == 201' },
              { name: 'tests.test_bookings.test_cancel', message: 'AssertionError' },
            ],
          },
        },
      };
    if (step.id === 'sql-check')
      return {
        ...step,
        outcome: 'failed',
        error: { code: 'check-failed', message: '1 of 3 checks failed' },
        facts: {
          checks: checks.map((check, index) =>
            index === 0
              ? { ...check, state: 'failed', found: 'false', message: '4 bookings have none' }
              : check,
          ),
        },
      };
    if (step.id === 'http-check' || step.id === 'confirm-1')
      return {
        ...recordedStep(step.id, 0),
        outcome: 'skipped',
        startedAt: null,
        durationMs: 0,
        attempts: 0,
        reason: 'restore-compare failed',
      };
    return step;
  }),
};

export const drillPipeline: Pipeline = withRoles(
  fakePipeline(
    steps.map(({ id, phase }) => fakeStep(id, () => Promise.resolve({}), { phase })),
    {
      name: 'drill-staging',
      file: 'plans/drill-staging.yaml',
      description: 'Quarterly restore drill',
      environment: 'staging',
      objectives: { rtoMs: 4 * 60 * minute, rpoMs: 24 * 60 * minute },
    },
  ),
);

function withRoles(pipeline: Pipeline): Pipeline {
  return {
    ...pipeline,
    environment: { ...pipeline.environment, owner: 'platform@cleaning.example' },
    steps: pipeline.steps.map((step) =>
      step.id === 'postgres-restore' && step.work.kind === 'task'
        ? { ...step, work: { ...step.work, task: { ...step.work.task, role: 'restore' } } }
        : step,
    ),
  };
}

export function evidenceOf(record: RunRecord, earlier: readonly DrillEvidence[] = []): DrillEvidence {
  return buildEvidence({
    record,
    pipeline: drillPipeline,
    restored: new Map(),
    account: 'run-plan',
    earlier,
  });
}

/** A drill of so many quarters ago, smaller and faster. */
export function earlierDrill(quarters: number, more: Partial<DrillEvidence> = {}): DrillEvidence {
  const evidence = evidenceOf(goodRecord);
  const startedAt = new Date(start - quarters * 91 * 24 * 60 * minute);
  const share = 1 - quarters * 0.06;
  const stamp = startedAt.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return {
    ...evidence,
    runId: `drill-staging-${stamp}-00a${quarters}`,
    run: { ...evidence.run, startedAt: startedAt.toISOString() },
    recoveryTime: { ...evidence.recoveryTime, durationMs: 90 * minute * share },
    restores: evidence.restores.map((restore) => ({
      ...restore,
      target: restore.target && { ...restore.target, databaseBytes: 81_500_000_000 * share },
    })),
    ...more,
  };
}
