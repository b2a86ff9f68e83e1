import { defined } from '../../base/defined.ts';
import type { Pipeline } from '../../run/pipeline.ts';
import type {
  DrillEvidence,
  EvidenceStep,
  TrendPoint,
} from '../../language/generated/drill-evidence.types.ts';
import type { RecordedFailure, RecordedStep, RunRecord } from '../../language/generated/run-record.types.ts';
import type { Restored } from '../../task/contract.ts';
import { blockersOf } from './blockers.ts';
import { limitsOf } from './limits.ts';
import { checksOf, comparisonsOf, phasesOf, probesOf, signOffsOf, testsOf } from './read-facts.ts';
import { restoresOf } from './read-restore.ts';
import { trendOf } from './trend.ts';
import { verdictOf, verdictState } from './verdict.ts';

/** What evidence is made from. */
export interface EvidenceSources {
  readonly record: RunRecord;
  readonly pipeline: Pipeline;
  readonly restored: ReadonlyMap<string, Restored>;
  /** Account that ran it. */
  readonly account: string;
  /** Evidence of earlier drills of the plan, in any order. */
  readonly earlier: readonly DrillEvidence[];
}

/** The evidence of a run: pure. */
export function buildEvidence(sources: EvidenceSources): DrillEvidence {
  const { record, pipeline, account, earlier } = sources;
  const { steps: recorded } = record;
  const state = verdictState(record);
  const restores = restoresIn(sources);
  const drill = {
    run: {
      outcome: record.outcome,
      exitCode: record.exitCode,
      startedAt: record.startedAt,
      finishedAt: record.finishedAt,
      durationMs: record.durationMs,
      bytes: record.bytes,
      ...defined({ failedStep: record.failedStep }),
      error: failureOf(record.error),
    },
    recoveryTime: recoveryTimeOf(record, pipeline.plan.objectives.rtoMs ?? null),
    recoveryPointAge: recoveryPointAgeOf(restores, pipeline.plan.objectives.rpoMs ?? null),
    restores,
    steps: recorded.map((step) => stepOf(step, record)),
    checks: recorded.flatMap(checksOf),
    tests: recorded.flatMap(testsOf),
    comparisons: recorded.flatMap(comparisonsOf),
    signOffs: recorded.flatMap(signOffsOf),
    probes: recorded.flatMap(probesOf),
  };
  const verdict = verdictOf(state, drill);
  const blockers = blockersOf(drill, earlier);
  const itself = {
    runId: record.runId,
    run: drill.run,
    verdict,
    recoveryTime: drill.recoveryTime,
    restores,
  };
  return {
    format: 1,
    runId: record.runId,
    plan: record.plan,
    description: pipeline.plan.description ?? null,
    verdict,
    where: {
      environment: record.environment,
      owner: pipeline.environment.owner ?? null,
      host: record.host,
      account,
      planFile: pipeline.plan.file,
      planHash: record.planHash,
      parameters: { ...record.parameters },
      versions: { ...record.versions },
    },
    ...drill,
    blockers,
    notes: notesOf(record),
    limits: limitsOf({ ...drill, verdict }),
    trend: trendOf([...earlier, itself].map(pointOf), drill.recoveryTime.rtoMs),
  };
}

/** A drill as a point of the trend. */
function pointOf(
  drill: Pick<DrillEvidence, 'runId' | 'run' | 'verdict' | 'recoveryTime' | 'restores'>,
): TrendPoint {
  const sizes = drill.restores.flatMap(({ target }) => target?.databaseBytes ?? []);
  return {
    runId: drill.runId,
    at: drill.run.startedAt,
    verdict: drill.verdict.state,
    recoveryMs: drill.recoveryTime.durationMs,
    databaseBytes: sizes.length === 0 ? null : sizes.reduce((total, size) => total + size, 0),
  };
}

function restoresIn({ record, pipeline, restored }: EvidenceSources): DrillEvidence['restores'] {
  return record.steps.flatMap((step) => {
    const environment =
      pipeline.steps.find(({ id }) => id === step.id)?.environment.name ?? record.environment;
    const partial = restored.get(environment)?.partial;
    return restoresOf({ step, environment, partial });
  });
}

function recoveryTimeOf(record: RunRecord, rtoMs: number | null): DrillEvidence['recoveryTime'] {
  const { stepsDurationMs: durationMs, outcome, error } = record;
  const isWhole = outcome === 'succeeded' || error?.code === 'objective-missed';
  if (!isWhole) return { durationMs, rtoMs, state: 'unknown' };
  if (rtoMs === null) return { durationMs, rtoMs, state: 'no-objective' };
  return { durationMs, rtoMs, state: durationMs <= rtoMs ? 'met' : 'missed' };
}

function recoveryPointAgeOf(
  restores: DrillEvidence['restores'],
  rpoMs: number | null,
): DrillEvidence['recoveryPointAge'] {
  const ages = restores.flatMap(({ recoveryPointAgeMs }) => recoveryPointAgeMs ?? []);
  const ageMs = ages.length === 0 ? null : Math.max(...ages);
  if (rpoMs === null) return { ageMs, rpoMs, state: 'no-objective' };
  if (ageMs === null) return { ageMs, rpoMs, state: 'unknown' };
  if (ageMs > rpoMs) return { ageMs, rpoMs, state: 'missed' };
  // A part of a database is no backup of it, however young.
  const isWhole = restores.every(({ artifactPartial }) => artifactPartial === undefined);
  return { ageMs, rpoMs, state: isWhole ? 'met' : 'unknown' };
}

function stepOf(step: RecordedStep, record: RunRecord): EvidenceStep {
  const { id, name, phase, action, outcome, startedAt, durationMs, attempts, bytes, megabytesPerSecond } =
    step;
  const offset = startedAt === null ? Number.NaN : Date.parse(startedAt) - Date.parse(record.startedAt);
  return {
    id,
    name,
    phase,
    action,
    outcome,
    reason: step.reason ?? null,
    startedAt,
    offsetMs: Number.isFinite(offset) ? Math.max(0, offset) : null,
    durationMs,
    attempts,
    bytes,
    megabytesPerSecond,
    error: failureOf(step.error),
    phases: phasesOf(step),
  };
}

function failureOf(error: RecordedFailure | undefined): DrillEvidence['run']['error'] {
  if (error === undefined) return null;
  const { code, message, hint, where } = error;
  return { code, message, hint: hint ?? null, where: where ?? null };
}

function notesOf(record: RunRecord): DrillEvidence['notes'] {
  return [
    ...record.interruptedRuns.map((runId) => ({
      step: null,
      level: 'warning' as const,
      text: `the earlier run ${runId} was found interrupted`,
    })),
    ...record.warnings.map((text) => ({ step: null, level: 'warning' as const, text })),
    ...record.steps.flatMap(({ id, notes }) => notes.map(({ level, text }) => ({ step: id, level, text }))),
    ...record.steps.flatMap(({ id, retries }) =>
      retries.map(({ attempt, error }) => ({
        step: id,
        level: 'warning' as const,
        text: `attempt ${attempt} failed and was repeated: ${error.message}`,
      })),
    ),
  ];
}
