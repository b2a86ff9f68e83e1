import { defined } from '../../base/defined.ts';
import { readSpanCounts } from './retention-spans.ts';
import type { Settings } from '../settings/settings.ts';
import { durationOf, parseDuration } from '../../base/quantity/duration.ts';
import { zoneMistake } from '../schedule/zone.ts';
import { defaults } from '../generated/plan.defaults.ts';
import type { WrittenPlan, WrittenRetention } from '../generated/plan.types.ts';
import type { Source } from '../yaml/source.ts';
import { known, Open, textOf, type MayBeOpen } from '../yaml/open.ts';
import type { Path, YamlDocument } from '../yaml/yaml-document.ts';
import { normaliseSchedule } from './normalise-schedule.ts';
import { normaliseSteps } from './normalise-steps.ts';
import type { Plan, PlanParameter, RetentionPolicy } from './plan.ts';
import type { Finding, PlacedStep } from './plan-file.ts';

/** A plan's data as the schema knows it; required keys may be missing where the file has problems. */
export type PartialPlan = Partial<WrittenPlan>;

export interface NormalisedPlan {
  readonly plan: Plan;
  readonly steps: readonly PlacedStep[];
  readonly findings: readonly Finding[];
}

/** Parses every value of a plan to its unit and fills in defaults. What is open is left out; what does not parse is left out and told. */
export function normalisePlan(
  name: string,
  written: MayBeOpen<PartialPlan>,
  source: Source,
  document: YamlDocument,
  ofSettings: Settings['defaults'],
): NormalisedPlan {
  const findings: Finding[] = [];
  const duration = durations(findings);
  const timeZone = zone(known(written['time-zone']) ?? ofSettings.timeZone, findings);
  const { schedule, findings: mistakes } = normaliseSchedule(written.schedule ?? [], timeZone);
  const environment = textOf(written.environment) ?? '';
  const { steps, findings: stepFindings } = normaliseSteps(
    written,
    environment,
    document,
    ofSettings,
    duration,
  );
  // Every run ends, where neither plan nor settings say when too. A rule asks for a better deadline.
  const timeoutMs =
    duration(written.timeout, ['timeout']) ?? ofSettings.timeoutMs ?? durationOf(defaults.timeout);
  const { rpo, rto } = written.objectives ?? {};
  const rpoMs = duration(rpo, ['objectives', 'rpo']);
  const rtoMs = duration(rto, ['objectives', 'rto']);
  const jitterMs = duration(written.timer?.jitter, ['timer', 'jitter'], true);
  const { alerts } = written;
  const proofWithinMs = duration(alerts?.['proof-within'], ['alerts', 'proof-within']);
  const signOffWithinMs = duration(alerts?.['sign-off-within'], ['alerts', 'sign-off-within'], true);
  const plan: Plan = Object.freeze({
    name,
    file: document.file,
    // Only runs and units ask, and loading the module takes a tenth of a start.
    get hash() {
      return process.getBuiltinModule('node:crypto').hash('sha256', source.bytes);
    },
    ...defined({ description: textOf(written.description) }),
    environment,
    timeZone,
    schedule,
    ...(written.timer !== undefined && {
      timer: {
        wakeSystem: known(written.timer['wake-system']) ?? defaults.timer['wake-system'],
        ...defined({ jitterMs }),
      },
    }),
    objectives: { ...defined({ rpoMs, rtoMs }) },
    ...(alerts !== undefined && {
      alerts: {
        ...defined({ proofWithinMs, signOffWithinMs }),
      },
    }),
    ...(written.retention !== undefined && { retention: retention(written.retention, duration) }),
    timeoutMs,
    parameters: parameters(written.parameters ?? {}),
    ...defined({ writes: textOf(written.writes) }),
    steps: steps.map(({ step }) => step),
  });
  return { plan, steps, findings: [...findings, ...mistakes, ...stepFindings] };
}

/** Reads a duration of the plan, in milliseconds; undefined when there is none or it is no duration. */
export type DurationReader = (
  text: string | Open | undefined,
  path: Path,
  allowsZero?: boolean,
) => number | undefined;

function durations(findings: Finding[]): DurationReader {
  return (text, path, allowsZero = false) => {
    if (text === undefined || text instanceof Open) return undefined;
    const ms = parseDuration(text);
    if (ms !== undefined && (ms > 0 || allowsZero)) return ms;
    const message = ms === undefined ? `'${text}' is too long a duration` : `'${text}' leaves no time at all`;
    findings.push({ rule: 'bad-duration', message, path });
    return undefined;
  };
}

function zone(name: string, findings: Finding[]): string {
  const mistake = zoneMistake(name);
  if (mistake === undefined) return name;
  findings.push({ rule: 'bad-time-zone', message: mistake, path: ['time-zone'] });
  return 'UTC';
}

function retention(written: MayBeOpen<WrittenRetention>, duration: DurationReader): RetentionPolicy {
  const keepWithinMs = duration(written['keep-within'], ['retention', 'keep-within'], true);
  const keepLast = known(written['keep-last']);
  return {
    ...defined({ keepWithinMs, keepLast }),
    ...readSpanCounts(written),
    // The floor is at least one whatever is written: age alone never empties a repository.
    keepAtLeast: Math.max(1, known(written['keep-at-least']) ?? defaults.retention['keep-at-least']),
  };
}

function parameters(written: MayBeOpen<NonNullable<WrittenPlan['parameters']>>): readonly PlanParameter[] {
  return Object.entries(written).flatMap(([name, parameter]) => {
    if (parameter === undefined) return [];
    const { description, default: standard } = parameter;
    return [
      {
        name,
        ...defined({ description: textOf(description) }),
        ...(standard !== undefined && { default: String(standard) }),
      },
    ];
  });
}
