import type { CheckFact, ProbeFacts } from '../../language/facts.ts';

/** One answer, or none, of one probe. */
export interface Sample {
  /** On the monotonic clock, when the probe had ended, milliseconds. */
  readonly atMs: number;
  readonly durationMs: number;
  /** What went wrong, in words; undefined for a good answer. */
  readonly error?: string;
}

/** What a watch tolerates. */
export interface Bounds {
  /** 0 to 1. */
  readonly maxErrorRate: number;
  /** Milliseconds; undefined: any. */
  readonly maxP95Ms?: number;
}

/** Counts and the 95th percentile of samples, errors' durations included: who waited for nothing has waited too. */
export function measure(samples: readonly Sample[], durationMs: number): ProbeFacts {
  const errors = samples.filter(({ error }) => error !== undefined).length;
  const sorted = samples.map((sample) => sample.durationMs).sort((left, right) => left - right);
  const p95 = sorted[Math.ceil(sorted.length * 0.95) - 1];
  return {
    probes: samples.length,
    errors,
    errorRate: samples.length === 0 ? 0 : errors / samples.length,
    p95Ms: p95 === undefined ? null : Math.round(p95),
    durationMs: Math.round(durationMs),
  };
}

/** One check for each bound; `span` says of which time: `the last 5m`. Pure. */
export function judge(measured: ProbeFacts, bounds: Bounds, span: string): readonly CheckFact[] {
  const { errorRate, errors, probes, p95Ms } = measured;
  const rate: CheckFact = {
    name: `error rate over ${span}`,
    state: errorRate <= bounds.maxErrorRate ? 'passed' : 'failed',
    expected: `at most ${percent(bounds.maxErrorRate)}`,
    found: `${percent(errorRate)} (${String(errors)} of ${String(probes)} probes)`,
  };
  if (bounds.maxP95Ms === undefined) return [rate];
  const latency: CheckFact = {
    name: `95th percentile over ${span}`,
    state: p95Ms !== null && p95Ms <= bounds.maxP95Ms ? 'passed' : 'failed',
    expected: `at most ${String(bounds.maxP95Ms)} ms`,
    found: p95Ms === null ? 'no probe' : `${String(p95Ms)} ms`,
  };
  return [rate, latency];
}

function percent(share: number): string {
  return `${String(Math.round(share * 10_000) / 100)} %`;
}
