import { defined } from '../../base/defined.ts';
import type { AlertEvent } from '../../language/environment/channel/channel.ts';
import type { FailureStreak } from '../../language/generated/alert-state.types.ts';
import type { RecordedFailure, RecordedStep, RunRecord } from '../../language/generated/run-record.types.ts';
import { sameness } from './fold.ts';
import { timeWords, type AlertMessage } from './message.ts';

/** Lines and characters of an error that a person reads at once. */
const mostLines = 8;
const longestLine = 300;

/** What is known around a run when it is told. */
export interface RunKnowledge {
  /** With this run, when it failed. */
  readonly streak: FailureStreak | undefined;
  /** Before it, when it ended a streak. */
  readonly ended: FailureStreak | undefined;
  readonly lastGood: string | undefined;
  /** The verdict of a drill in a sentence. */
  readonly verdict: string | undefined;
  /** Why a run that went well is red all the same: channels that are not proven. */
  readonly unproven: string | undefined;
  /** systemd's id of the unit's start. */
  readonly invocation: string | undefined;
}

/** What a run that is over has to tell; undefined: nothing but that all is well. Every text comes from the record, so it is redacted. Pure. */
export function composeRun(record: RunRecord, known: RunKnowledge): AlertMessage | undefined {
  if (record.outcome !== 'succeeded') return failureOf(record, known);
  if (known.unproven !== undefined) return unprovenOf(record, known.unproven);
  if (known.ended !== undefined)
    return composeRecovery(common(record), known.ended, known.verdict === undefined ? [] : [known.verdict]);
  if (known.verdict !== undefined) return drillOf(record, known.verdict);
  return warningOf(record);
}

type Common = Pick<AlertMessage, 'plan' | 'environment' | 'host' | 'at' | 'run' | 'commands'>;

function common({ plan, environment, host, finishedAt, runId }: RunRecord, ...commands: string[]): Common {
  return { plan, environment, host, at: finishedAt, run: runId, commands };
}

function failureOf(record: RunRecord, { streak, lastGood, verdict, invocation }: RunKnowledge): AlertMessage {
  const { plan, host, error, outcome } = record;
  const step = culprit(record);
  const kind = kindOf(record);
  const again = streak !== undefined && streak.count > 1;
  const what = { drift: 'DRIFT', 'objective-missed': 'OBJECTIVE MISSED', failed: failureWord(record) }[kind];
  const times = again ? ` (${String(streak.count)} times since ${timeWords(streak.since)})` : '';
  const title = `${again && what === 'FAILED' ? 'STILL FAILING' : what}: ${plan} on ${host}${step === undefined ? '' : `, step ${step.id}`}${times}`;
  const lines = linesOf(error);
  return {
    ...common(
      record,
      `run-plan history ${plan} --limit 5`,
      ...(invocation === undefined ? [] : [`journalctl _SYSTEMD_INVOCATION_ID=${invocation}`]),
      `run-plan ${plan}`,
    ),
    events: [
      kind,
      ...(kind === 'failed' ? [] : ['failed' as const]),
      ...(verdict === undefined ? [] : ['drill-result' as const]),
    ],
    severity: 'critical',
    title,
    ...(step !== undefined && { step: step.id }),
    ...(error !== undefined && { code: error.code }),
    ...(streak !== undefined && { since: { at: streak.since, count: streak.count } }),
    ...defined({ lastGood }),
    lines: verdict === undefined || kind === 'failed' ? lines : [...lines, verdict],
    ...(error?.hint !== undefined && { hint: error.hint }),
    key: sameness('failed', error?.code ?? outcome, step?.id ?? '', error?.message ?? ''),
  };
}

function failureWord({ outcome, complete }: RunRecord): string {
  if (!complete) return 'KILLED';
  return outcome === 'cancelled' ? 'CANCELLED' : 'FAILED';
}

function kindOf({ error }: RunRecord): Extract<AlertEvent, 'drift' | 'objective-missed' | 'failed'> {
  if (error?.code === 'drift-found') return 'drift';
  return error?.code === 'objective-missed' ? 'objective-missed' : 'failed';
}

/** The step that the run's error is of; of a cancelled run the one that it was in. */
function culprit({ steps, failedStep }: RunRecord): RecordedStep | undefined {
  return (
    steps.find(({ id }) => id === failedStep) ??
    steps.find(({ outcome }) => outcome === 'failed') ??
    steps.find(({ outcome, attempts }) => outcome === 'cancelled' && attempts > 0)
  );
}

function linesOf(error: RecordedFailure | undefined): readonly string[] {
  if (error === undefined) return [];
  const lines = shortLines(error.message.split('\n'));
  return error.where === undefined ? lines : [...lines, `at ${error.where}`];
}

/** So many lines, each so long, as a person reads. */
export function shortLines(lines: readonly string[]): readonly string[] {
  const full = lines.map((line) => line.trimEnd()).filter((line) => line !== '');
  const shown = full
    .slice(0, mostLines)
    .map((line) => (line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line));
  return full.length > mostLines ? [...shown, `… and ${String(full.length - mostLines)} more lines`] : shown;
}

function unprovenOf(record: RunRecord, unproven: string): AlertMessage {
  return {
    ...common(record, `run-plan alerts test ${record.environment}`),
    events: ['failed', 'warning'],
    severity: 'warning',
    title: `ALERTS UNPROVEN: ${record.plan} on ${record.host} went well, and asks for alerts that are proven`,
    code: 'alert-unproven',
    lines: [unproven],
    hint: 'send a test through every channel, from the host and account that run the plan',
    key: 'alert-unproven',
  };
}

/** What is told of a run that went well after others had not. `lines`: its verdict, when it is a drill. Pure. */
export function composeRecovery(
  run: Common,
  { since, count }: Pick<FailureStreak, 'since' | 'count'>,
  lines: readonly string[],
): AlertMessage {
  const failures = count === 1 ? 'a failure' : `${String(count)} failures`;
  return {
    ...run,
    events: ['recovered', ...(lines.length === 0 ? [] : ['drill-result' as const])],
    severity: 'info',
    title: `recovered: ${run.plan} on ${run.host}, after ${failures} since ${timeWords(since)}`,
    since: { at: since, count },
    lines,
    key: 'recovered',
  };
}

function drillOf(record: RunRecord, verdict: string): AlertMessage {
  return {
    ...common(record, `run-plan report ${record.plan} --run ${record.runId}`),
    events: ['drill-result'],
    severity: 'info',
    title: `drill passed: ${record.plan} on ${record.host}`,
    lines: [verdict],
    key: 'drill-result',
  };
}

function warningOf(record: RunRecord): AlertMessage | undefined {
  const warnings = [
    ...record.interruptedRuns.map((run) => `the run before, ${run}, was interrupted`),
    ...record.warnings,
    ...record.steps.flatMap(({ id, notes }) =>
      // What a person is asked has a message of its own once it is open for too long.
      notes.flatMap(({ level, text }) =>
        level === 'warning' && !text.startsWith('open: ') ? [`${id}: ${text}`] : [],
      ),
    ),
  ];
  if (warnings.length === 0) return undefined;
  const count = warnings.length === 1 ? 'a warning' : `${String(warnings.length)} warnings`;
  return {
    ...common(record, `run-plan history ${record.plan} --limit 5`),
    events: ['warning'],
    severity: 'warning',
    title: `warning: ${record.plan} on ${record.host} succeeded with ${count}`,
    lines: shortLines(warnings),
    key: sameness('warning', ...warnings.slice(0, 5)),
  };
}
