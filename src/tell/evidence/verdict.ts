import { counted, grouped } from '../../base/quantity/counted.ts';
import { renderDuration } from '../../base/quantity/duration.ts';
import type { DrillEvidence, EvidenceVerdict } from '../../language/generated/drill-evidence.types.ts';
import type { RunRecord } from '../../language/generated/run-record.types.ts';

/** How a run ended as a drill. */
export function verdictState({
  outcome,
  error,
}: Pick<RunRecord, 'outcome' | 'error'>): EvidenceVerdict['state'] {
  if (outcome === 'succeeded') return 'passed';
  if (outcome === 'cancelled') return 'interrupted';
  return error?.code === 'objective-missed' ? 'rto-missed' : 'failed';
}

export type Judged = Pick<
  DrillEvidence,
  | 'run'
  | 'steps'
  | 'restores'
  | 'checks'
  | 'tests'
  | 'comparisons'
  | 'recoveryTime'
  | 'recoveryPointAge'
  | 'signOffs'
>;

/** The verdict in one sentence. A question that a person answered with no, also later, is a failure. */
export function verdictOf(state: EvidenceVerdict['state'], drill: Judged): EvidenceVerdict {
  const openSignOffs = drill.signOffs.filter((signOff) => signOff.state === 'open').length;
  const rejected = drill.signOffs.find((signOff) => signOff.state === 'rejected');
  if (state === 'passed' && rejected !== undefined) {
    const sentence = `Failed: ${rejected.by ?? 'somebody'} did not sign it off: ${firstLine(rejected.text)}.`;
    return { state: 'failed', sentence, openSignOffs };
  }
  const open = openSignOffs === 0 ? '' : ` Open sign-offs: ${openSignOffs}.`;
  return { state, sentence: `${sentenceOf(state, drill)}${open}`, openSignOffs };
}

function sentenceOf(state: EvidenceVerdict['state'], drill: Judged): string {
  const { recoveryTime, run } = drill;
  const took = renderDuration(recoveryTime.durationMs);
  const rto = recoveryTime.rtoMs === null ? undefined : renderDuration(recoveryTime.rtoMs);
  switch (state) {
    case 'passed':
      return `Passed: ${subject(drill)} restored in ${took}${rto === undefined ? '' : `, within the RTO of ${rto}`}${proof(drill)}.${rpo(drill)}`;
    case 'rto-missed':
      return `RTO missed: ${subject(drill)} restored in ${took}${rto === undefined ? '' : `, longer than the RTO of ${rto}`}.${rpo(drill)}`;
    case 'interrupted':
      return `Interrupted: ${firstLine(run.error?.message ?? 'the run was cancelled')}.`;
    case 'failed':
      return `Failed: ${failure(drill)}.`;
  }
}

function subject({ restores }: Judged): string {
  const [first, ...others] = restores;
  if (first === undefined) return 'the database was';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const partial = first.artifactPartial === undefined ? '' : ' (partial)';
  return `${first.artifact ?? first.source}${partial}${more} ${others.length === 0 ? 'was' : 'were'}`;
}

function proof({ checks, tests, comparisons }: Judged): string {
  const told = [
    ...(comparisons.length === 0 ? [] : [`${grouped(sum(comparisons, ({ rows }) => rows))} rows compared`]),
    ...(checks.length === 0 ? [] : [counted(checks.length, 'check')]),
    ...(tests.length === 0
      ? []
      : [
          counted(
            sum(tests, (report) => report.tests),
            'test',
          ),
        ]),
  ];
  return told.length === 0 ? '' : ` (${told.join(', ')})`;
}

function rpo({ recoveryPointAge: { state, ageMs, rpoMs } }: Judged): string {
  if (state !== 'missed' || ageMs === null || rpoMs === null) return '';
  return ` Its recovery point was ${renderDuration(ageMs)} old, older than the RPO of ${renderDuration(rpoMs)}.`;
}

function failure({ run, steps }: Judged): string {
  const message = firstLine(run.error?.message ?? 'the run failed');
  const step = steps.find(({ id }) => id === run.failedStep);
  return step === undefined || message.includes(step.id) ? message : `step ${step.id}: ${message}`;
}

/** The first line without its full stop: it becomes part of a sentence. */
function firstLine(text: string): string {
  return (text.trim().split(/\r?\n/, 1)[0] ?? '').replace(/[.:]+$/, '');
}

export function sum<Item>(list: readonly Item[], of: (item: Item) => number): number {
  return list.reduce((total, item) => total + of(item), 0);
}
