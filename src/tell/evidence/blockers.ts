import { renderDuration } from '../../base/quantity/duration.ts';
import type {
  DrillEvidence,
  EvidenceBlocker,
  EvidenceStep,
} from '../../language/generated/drill-evidence.types.ts';

/** A step that takes at least this part of a recovery that missed its RTO is worth work. */
const heavyShare = 0.25;
/** A step that takes so many times its median is unusual; so many earlier drills make a median. */
const unusualFactor = 2;
const fewestEarlier = 3;
/** Shorter steps vary by more than their length. */
const shortestMs = 1000;

export type Examined = Pick<DrillEvidence, 'steps' | 'recoveryTime' | 'recoveryPointAge'>;

/** What stood between a run and a good recovery: failed steps, slow ones, missed objectives. Pure. */
export function blockersOf(
  drill: Examined,
  earlier: readonly Pick<DrillEvidence, 'steps'>[],
): EvidenceBlocker[] {
  return [
    ...drill.steps.filter(({ outcome }) => outcome === 'failed').map(failed),
    ...missedObjectives(drill),
    ...drill.steps.flatMap((step) => slow(step, drill, earlier)),
  ];
}

function failed({ id, error, phase }: EvidenceStep): EvidenceBlocker {
  const when = phase === 'steps' ? '' : ` (in ${phase})`;
  return {
    kind: 'failed',
    step: id,
    what: `failed${when}: ${error?.message ?? 'without a message'}`,
    toDo: error?.hint ?? null,
  };
}

function missedObjectives({ recoveryTime, recoveryPointAge }: Examined): EvidenceBlocker[] {
  const missed: EvidenceBlocker[] = [];
  if (recoveryTime.state === 'missed' && recoveryTime.rtoMs !== null) {
    missed.push({
      kind: 'objective',
      step: null,
      what: `the recovery took ${renderDuration(recoveryTime.durationMs)}, longer than the RTO of ${renderDuration(recoveryTime.rtoMs)}`,
      toDo: 'make the slow steps faster, or agree on another objective',
    });
  }
  const { ageMs, rpoMs } = recoveryPointAge;
  if (recoveryPointAge.state === 'missed' && ageMs !== null && rpoMs !== null) {
    missed.push({
      kind: 'objective',
      step: null,
      what: `the recovery point was ${renderDuration(ageMs)} old, older than the RPO of ${renderDuration(rpoMs)}`,
      toDo: 'see `run-plan status`: either backups come too seldom, or an old artifact was asked for',
    });
  }
  return missed;
}

function slow(
  step: EvidenceStep,
  { recoveryTime }: Examined,
  earlier: readonly Pick<DrillEvidence, 'steps'>[],
): EvidenceBlocker[] {
  if (step.phase !== 'steps' || step.outcome === 'skipped' || step.durationMs < shortestMs) return [];
  const share = step.durationMs / Math.max(1, recoveryTime.durationMs);
  const usual = medianOf(step, earlier);
  const reasons = [
    ...(recoveryTime.state === 'missed' && share >= heavyShare
      ? [`${Math.round(share * 100)} % of the recovery time`]
      : []),
    ...(usual !== undefined && step.durationMs > usual * unusualFactor
      ? [`its median over the earlier drills is ${renderDuration(usual)}`]
      : []),
  ];
  if (reasons.length === 0) return [];
  const what = `took ${renderDuration(step.durationMs)}: ${reasons.join('; ')}`;
  return [{ kind: 'slow', step: step.id, what, toDo: adviceFor(step) }];
}

function medianOf(step: EvidenceStep, earlier: readonly Pick<DrillEvidence, 'steps'>[]): number | undefined {
  const durations = earlier
    .flatMap(({ steps }) => steps.filter(({ id, outcome }) => id === step.id && outcome === 'succeeded'))
    .map(({ durationMs }) => durationMs)
    .sort((left, right) => left - right);
  if (durations.length < fewestEarlier) return undefined;
  const middle = Math.floor(durations.length / 2);
  const upper = durations[middle] ?? 0;
  return durations.length % 2 === 1 ? upper : ((durations[middle - 1] ?? 0) + upper) / 2;
}

function adviceFor({ phases, attempts, error }: EvidenceStep): string {
  if (error !== null && error.hint !== null) return error.hint;
  const longest = phases.toSorted((left, right) => right.durationMs - left.durationMs)[0];
  if (longest !== undefined)
    return `begin with its longest part, '${longest.name}': ${renderDuration(longest.durationMs)}`;
  if (attempts > 1) return `it was tried ${attempts} times: see what made the first ones fail`;
  return 'compare its output in the record with that of an earlier drill';
}
