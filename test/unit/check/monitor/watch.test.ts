import { describe, expect, test } from 'vitest';
import { watch, type Probe, type WatchOptions, type Watched } from '../../../../src/check/monitor/watch.ts';
import { virtualClock, type VirtualClock } from '../../../fixtures/virtual-clock.ts';

const minute = 60_000;

/** A service that answers on the virtual clock: how long it takes and what is wrong, by the time of the question. */
function service(clock: VirtualClock, answer: (atMs: number) => { ms: number; error?: string }): Probe {
  return {
    name: 'GET /health',
    ask: async () => {
      const { ms, error } = answer(clock.monotonicMs());
      await clock.sleep(ms);
      return error;
    },
  };
}

async function watched(
  answer: (atMs: number) => { ms: number; error?: string },
  changes: Partial<WatchOptions> = {},
): Promise<Watched & { readonly rounds: readonly string[] }> {
  const clock = virtualClock();
  const rounds: string[] = [];
  const options: WatchOptions = {
    clock,
    signal: new AbortController().signal,
    forMs: 30 * minute,
    everyMs: 15_000,
    windowMs: 5 * minute,
    minProbes: 10,
    maxErrorRate: 0.01,
    onRound: (text) => void rounds.push(text),
    ...changes,
  };
  const found = await clock.run(watch([service(clock, answer)], options));
  return { ...found, rounds };
}

function failed({ checks }: Watched): string[] {
  return checks.filter(({ state }) => state === 'failed').map(({ name, found }) => `${name}: ${found ?? ''}`);
}

describe('a watch', () => {
  test('of a good service lasts as long as it should, asks every quarter minute, and says how it goes', async () => {
    const found = await watched(() => ({ ms: 120 }), { maxP95Ms: 200 });
    expect(failed(found)).toEqual([]);
    expect(found.checks.map(({ name }) => name)).toEqual([
      'error rate over the whole time',
      '95th percentile over the whole time',
    ]);
    expect(found.probes).toMatchObject({ probes: 121, errors: 0, errorRate: 0, p95Ms: 120 });
    expect(found.probes.durationMs).toBeGreaterThanOrEqual(30 * minute);
    expect(found.probes.durationMs).toBeLessThan(30 * minute + 1000);
    expect(found.rounds).toContain('12 of 30 min, 49 probes, 0 errors, p95 120 ms');
  });

  test('ends as soon as the window misses a bound, long after many good answers', async () => {
    const found = await watched((at) => (at < 20 * minute ? { ms: 50 } : { ms: 50, error: 'status 500' }));
    expect(failed(found)).toEqual(['error rate over the last 5m: 5 % (1 of 20 probes)']);
    expect(found.errors).toEqual(['GET /health: status 500']);
    expect(found.probes.durationMs).toBeLessThan(20 * minute + 30_000);
  });

  test('does not judge by fewer probes than it was told', async () => {
    const bad = await watched(() => ({ ms: 50, error: 'status 500' }), { minProbes: 10 });
    expect(bad.probes).toMatchObject({ probes: 10, errors: 10, errorRate: 1 });
    const once = await watched((at) => (at === 0 ? { ms: 50, error: 'warming up' } : { ms: 50 }), {
      maxErrorRate: 0.1,
    });
    expect(failed(once)).toEqual([]);
  });

  test('judges the whole at its end, however few the probes', async () => {
    const found = await watched(() => ({ ms: 50, error: 'refused' }), { forMs: 30_000 });
    expect(failed(found)).toEqual(['error rate over the whole time: 100 % (3 of 3 probes)']);
  });

  test('sees what is slow, a few outliers not', async () => {
    const slow = await watched(() => ({ ms: 900 }), { maxP95Ms: 800 });
    expect(failed(slow)).toEqual(['95th percentile over the last 5m: 900 ms']);
    const outlier = await watched((at) => ({ ms: at === 0 ? 5000 : 100 }), { maxP95Ms: 800, minProbes: 20 });
    expect(failed(outlier)).toEqual([]);
  });

  test('never asks again before the answer, and does not catch up on rounds that were missed', async () => {
    let open = 0;
    let most = 0;
    const clock = virtualClock();
    const probe: Probe = {
      name: 'slow',
      ask: async () => {
        open += 1;
        most = Math.max(most, open);
        await clock.sleep(40_000);
        open -= 1;
        return undefined;
      },
    };
    const { probes } = await clock.run(
      watch([probe], {
        clock,
        signal: new AbortController().signal,
        forMs: 4 * minute,
        everyMs: 15_000,
        windowMs: minute,
        minProbes: 10,
        maxErrorRate: 0,
        onRound: () => undefined,
      }),
    );
    expect([most, probes.probes]).toEqual([1, 6]);
  });

  test('ends with its signal', async () => {
    const abort = new AbortController();
    const end = watched((at) => { if (at > minute) abort.abort(new Error('cancelled')); return { ms: 1 }; }, { signal: abort.signal }); // prettier-ignore
    await expect(end).rejects.toThrow('cancelled');
  });
});
