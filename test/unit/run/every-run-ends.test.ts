import { expect, test } from 'vitest';
import type { PipelineStep } from '../../../src/run/pipeline.ts';
import { runPipeline, type RunResult } from '../../../src/run/run-pipeline.ts';
import { Failure } from '../../../src/base/failure.ts';
import { fakeHost, fakePipeline, fakeStep, type FakeHost, type FakeWork } from '../../fixtures/fake-run.ts';
import { fc } from '../../fixtures/property.ts';
import { virtualClock } from '../../fixtures/virtual-clock.ts';

/** What a made-up task does: for how long, how it takes its signal, how it ends. */
const behaviour = fc.record({
  lastsMs: fc.integer({ min: 0, max: 120_000 }),
  listens: fc.boolean(),
  end: fc.constantFrom('succeeds', 'fails', 'bug'),
  phase: fc.constantFrom('prepare' as const, 'steps' as const, 'cleanup' as const),
  timeoutMs: fc.integer({ min: 1000, max: 100_000 }),
  stallTimeoutMs: fc.integer({ min: 1000, max: 100_000 }),
  times: fc.integer({ min: 0, max: 2 }),
  continueOnFailure: fc.boolean(),
  endingMs: fc.option(fc.integer({ min: 0, max: 20_000 })),
});
type Behaviour = typeof behaviour extends fc.Arbitrary<infer T> ? T : never;

/** Attempts that have begun and not been left: a task may go on, its endings must have run. */
interface Ledger {
  begun: number;
  ended: number;
}

function workOf(wanted: Behaviour, ledger: Ledger): FakeWork {
  return async (context) => {
    const { clock, signal } = context;
    ledger.begun += 1;
    context.onEnd('count', () => {
      ledger.ended += 1;
      return Promise.resolve();
    });
    if (wanted.endingMs !== null) context.onEnd('slow', () => clock.sleep(wanted.endingMs ?? 0));
    await clock.sleep(wanted.lastsMs, wanted.listens ? signal : undefined);
    if (wanted.end === 'bug') throw new TypeError('a bug');
    if (wanted.end === 'fails') throw new Failure('command-failed', 'it broke');
    return {};
  };
}

function stepOf(wanted: Behaviour, index: number, ledger: Ledger): PipelineStep {
  const { phase, timeoutMs, stallTimeoutMs, continueOnFailure, times } = wanted;
  const retry = { times, delayMs: 5000, backoff: 'exponential' as const };
  return fakeStep(`s${String(index)}`, workOf(wanted, ledger), {
    phase,
    timeoutMs,
    stallTimeoutMs,
    retry,
    continueOnFailure,
  });
}

function consistent(result: RunResult, host: FakeHost, steps: readonly PipelineStep[]): void {
  const record = result.record;
  expect(record?.complete).toBe(true);
  const outcomes = record?.steps.map(({ outcome }) => outcome) ?? [];
  const isCancelled = host.cancel.aborted;
  expect(result.outcome === 'succeeded').toBe(result.exitCode === 0);
  expect(result.outcome === 'cancelled').toBe(isCancelled);
  if (outcomes.some((outcome) => outcome === 'failed')) expect(result.outcome).not.toBe('succeeded');
  if (result.outcome === 'succeeded') expect(outcomes.every((outcome) => outcome === 'succeeded')).toBe(true);
  if (!isCancelled) expect(outcomes).not.toContain('cancelled');
  // Cleanup is never skipped; each step finishes exactly once; every start is of a step that finishes.
  for (const step of steps) {
    const finished = host.events.filter((event) => event.type === 'step-finished' && event.step === step.id);
    expect(finished).toHaveLength(1);
    if (step.phase === 'cleanup') expect(finished[0]).not.toMatchObject({ outcome: 'skipped' });
  }
  expect(host.events.at(-1)?.type).toBe('run-finished');
  expect(host.isLocked()).toBe(false);
  expect(host.repository.objects.size).toBe(1);
}

test('whatever its steps do and whenever it is cancelled, a run ends, cleans up, and its outcomes agree', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(behaviour, { minLength: 1, maxLength: 6 }),
      fc.option(fc.integer({ min: 0, max: 300_000 })),
      fc.integer({ min: 1000, max: 400_000 }),
      async (wanted, cancelAtMs, timeoutMs) => {
        const clock = virtualClock();
        const host = fakeHost(clock);
        const ledger: Ledger = { begun: 0, ended: 0 };
        const order = { prepare: 0, steps: 1, cleanup: 2 };
        const steps = wanted
          .toSorted((a, b) => order[a.phase] - order[b.phase])
          .map((one, index) => stepOf(one, index, ledger));
        if (cancelAtMs !== null) {
          clock.at(cancelAtMs, () => {
            host.cancelWith(new Failure('terminated', 'SIGTERM'));
          });
        }
        try {
          const result = await clock.run(runPipeline(fakePipeline(steps, { timeoutMs }), host));
          consistent(result, host, steps);
          expect(ledger.ended).toBe(ledger.begun);
        } finally {
          host.remove();
        }
      },
    ),
    { numRuns: 150 },
  );
});
