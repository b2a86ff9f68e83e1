import type { Clock } from '../../base/clock.ts';
import { renderPlanDuration } from '../../base/quantity/duration.ts';
import type { CheckFact, ProbeFacts } from '../../language/facts.ts';

/** One question to a running service. It ends by itself, in a time of its own, and gives what went wrong in words. */
export interface Probe {
  readonly name: string;
  ask(signal: AbortSignal): Promise<string | undefined>;
}

export interface WatchOptions extends Bounds {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long, and how often; milliseconds. */
  readonly forMs: number;
  readonly everyMs: number;
  /** The time that the bounds look back over, milliseconds. */
  readonly windowMs: number;
  /** Below so many probes in the window nothing is judged but the whole. */
  readonly minProbes: number;
  readonly onRound: (text: string) => void;
}

/** What a watch has found; it has failed when one of the checks has. */
export interface Watched {
  readonly probes: ProbeFacts;
  readonly checks: readonly CheckFact[];
  /** The last different errors, newest first. */
  readonly errors: readonly string[];
}

/** How many errors are kept as evidence. */
const mostErrors = 5;

/**
 * Asks every probe again and again until `forMs` have passed or a bound is missed over the window, and at the end
 * judges the whole. A round begins when the one before has ended and `everyMs` have passed since it began, so that
 * slow answers never pile up. @throws the signal's reason
 */
export async function watch(probes: readonly Probe[], options: WatchOptions): Promise<Watched> {
  const { clock, signal, forMs, everyMs, windowMs } = options;
  const startedMs = clock.monotonicMs();
  const samples: Sample[] = [];
  for (;;) {
    const roundMs = clock.monotonicMs();
    samples.push(...(await Promise.all(probes.map((probe) => ask(probe, clock, signal)))));
    signal.throwIfAborted();
    const nowMs = clock.monotonicMs();
    const elapsedMs = nowMs - startedMs;
    const whole = measure(samples, elapsedMs);
    options.onRound(progressText(whole, forMs));
    const recent = samples.filter(({ atMs }) => atMs > nowMs - windowMs);
    if (recent.length >= options.minProbes) {
      const spanMs = Math.min(windowMs, elapsedMs);
      const checks = judge(measure(recent, spanMs), options, `the last ${renderPlanDuration(windowMs)}`);
      if (checks.some(({ state }) => state === 'failed')) return found(whole, checks, samples);
    }
    const restMs = startedMs + forMs - nowMs;
    if (restMs <= 0) return found(whole, judge(whole, options, 'the whole time'), samples);
    await clock.sleep(Math.min(Math.max(roundMs + everyMs - nowMs, 0), restMs), signal);
  }
}

async function ask(probe: Probe, clock: Clock, signal: AbortSignal): Promise<Sample> {
  const startedMs = clock.monotonicMs();
  const error = await probe.ask(signal);
  const atMs = clock.monotonicMs();
  const sample = { atMs, durationMs: atMs - startedMs };
  return error === undefined ? sample : { ...sample, error: `${probe.name}: ${error}` };
}

function found(probes: ProbeFacts, checks: readonly CheckFact[], samples: readonly Sample[]): Watched {
  const errors = new Set(samples.toReversed().flatMap(({ error }) => error ?? []));
  return { probes, checks, errors: [...errors].slice(0, mostErrors) };
}

/** `12 of 30 min, 48 probes, 0 errors, p95 120 ms`. */
function progressText({ durationMs, probes, errors, p95Ms }: ProbeFacts, forMs: number): string {
  const [unit, unitMs] = forMs < 120_000 ? ['s', 1000] : ['min', 60_000];
  const count = (ms: number): string => String(Math.floor(ms / unitMs));
  return (
    `${count(Math.min(durationMs, forMs))} of ${count(forMs)} ${unit}, ${String(probes)} probes, ` +
    `${String(errors)} errors, p95 ${p95Ms === null ? '-' : `${String(p95Ms)} ms`}`
  );
}

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
function measure(samples: readonly Sample[], durationMs: number): ProbeFacts {
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
function judge(measured: ProbeFacts, bounds: Bounds, span: string): readonly CheckFact[] {
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
