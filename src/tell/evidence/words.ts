import { renderDuration } from '../../base/quantity/duration.ts';
import { renderBytes } from '../../base/quantity/size.ts';
import type {
  DrillEvidence,
  EvidenceForecast,
  EvidenceVerdict,
} from '../../language/generated/drill-evidence.types.ts';

/** What stands where nothing is known. */
export const unknown = '–';

/** A verdict in one or two words. */
export const verdictWords = {
  passed: 'Passed',
  failed: 'Failed',
  'rto-missed': 'RTO missed',
  interrupted: 'Interrupted',
} as const satisfies Record<EvidenceVerdict['state'], string>;

/** Only such a drill has a recovery time; of another it is not known how long it would have taken. */
export function hasRecovered(verdict: EvidenceVerdict['state']): boolean {
  return verdict === 'passed' || verdict === 'rto-missed';
}

export const phaseWords = { prepare: 'Prepare', steps: 'Recovery', cleanup: 'Clean-up' } as const;

export function durationWords(milliseconds: number | null): string {
  return milliseconds === null ? unknown : renderDuration(milliseconds);
}

export function bytesWords(bytes: number | null): string {
  return bytes === null ? unknown : renderBytes(bytes);
}

export function rateWords(megabytesPerSecond: number | null): string {
  return megabytesPerSecond === null ? unknown : `${renderBytes(megabytesPerSecond * 1e6)}/s`;
}

/** An instant to the second: `2025-01-01 02:00:00 UTC`. */
export function timeWords(at: string | null): string {
  return at === null ? unknown : at.replace('T', ' ').replace(/(?:\.\d+)?Z$/, ' UTC');
}

/** A measured time beside its objective: `1m 1s of 4h`. */
export function againstWords(measured: number | null, objective: number | null): string {
  const own = durationWords(measured);
  return objective === null ? own : `${own} of ${durationWords(objective)}`;
}

/** The forecast as a sentence. */
export function forecastWords(forecast: EvidenceForecast, rtoMs: number | null): string {
  const { state, date, reason, growthBytesPerDay, millisecondsPerGigabyte } = forecast;
  const basis =
    growthBytesPerDay === null || millisecondsPerGigabyte === null
      ? ''
      : ` The database grows by ${renderBytes(growthBytesPerDay)} a day, and each GB takes ${renderDuration(millisecondsPerGigabyte)} to recover.`;
  if (state === 'dated')
    return `If it goes on like this, the RTO of ${durationWords(rtoMs)} will be missed from ${date ?? unknown}.${basis}`;
  const why = reason ?? unknown;
  return `${state === 'none' ? `No forecast: ${why}` : capitalised(why)}.${basis}`;
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Counts of a drill's proofs. */
export function tallyOf({
  checks,
  tests,
  comparisons,
}: Pick<DrillEvidence, 'checks' | 'tests' | 'comparisons'>): {
  readonly checksPassed: number;
  readonly checksFailed: number;
  readonly tests: number;
  readonly testsFailed: number;
  readonly testsSkipped: number;
  readonly rows: number;
  readonly tables: number;
  readonly differences: number;
} {
  const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
  const checksFailed = checks.filter(({ state }) => state === 'failed').length;
  return {
    checksPassed: checks.length - checksFailed,
    checksFailed,
    tests: total(tests.map((report) => report.tests)),
    testsFailed: total(tests.map(({ failures, errors }) => failures + errors)),
    testsSkipped: total(tests.map(({ skipped }) => skipped)),
    rows: total(comparisons.map(({ rows }) => rows)),
    tables: total(comparisons.map(({ tables }) => tables)),
    differences: total(comparisons.map(({ differences }) => differences.length)),
  };
}
