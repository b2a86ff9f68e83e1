import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FinishedRun, RunAlerts } from '../../../src/run/run-host.ts';
import { runPipeline, type RunResult } from '../../../src/run/run-pipeline.ts';
import { Failure } from '../../../src/base/failure.ts';
import { violations } from '../../../src/language/yaml/validator.ts';
import { validate } from '../../../src/language/generated/run-record.validate.ts';
import { fakeHost, fakePipeline, fakeStep, type FakeHost, type FakeWork } from '../../fixtures/fake-run.ts';
import { virtualClock, type VirtualClock } from '../../fixtures/virtual-clock.ts';

let clock: VirtualClock;
let host: FakeHost;

beforeEach(() => {
  clock = virtualClock();
});
afterEach(() => {
  host.remove();
});

const succeed: FakeWork = () => Promise.resolve({});
const fail: FakeWork = () => Promise.reject(new Failure('check-failed', 'it does not add up'));
const told = {
  channel: 'prod webhook',
  event: 'failed',
  attempts: 1,
  durationMs: 5,
  text: 'HTTP 500 sesame',
} as const;

/** Runs a step with these alerts; gives the result and what the alerts were handed. */
async function run(
  work: FakeWork,
  finished: RunAlerts['finished'],
  changes: Parameters<typeof fakeHost>[1] = {},
): Promise<{
  readonly result: RunResult;
  readonly handed: readonly FinishedRun[];
  readonly started: readonly string[];
}> {
  const handed: FinishedRun[] = [];
  const started: string[] = [];
  const alerts: RunAlerts = {
    started: (begun) => started.push(begun.run),
    finished: (each, report) => {
      handed.push(each);
      return finished(each, report);
    },
  };
  host = fakeHost(clock, { alerts, ...changes });
  const result = await clock.run(runPipeline(fakePipeline([fakeStep('a', work)]), host));
  expect(violations(validate, result.record)).toEqual([]);
  return { result, handed, started };
}

const undelivered: RunAlerts['finished'] = (_, report) => {
  report({ ...told, outcome: 'undelivered' });
  return Promise.reject(new Failure('alert-undelivered', 'an alert was not delivered'));
};

test('a good run whose alert is not delivered has succeeded, and exits 23; the stored record says so', async () => {
  const { result, handed, started } = await run(succeed, undelivered);
  expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 23 });
  expect(started).toEqual([result.runId]);
  expect(handed).toMatchObject([{ record: { outcome: 'succeeded', exitCode: 0 } }]);
  const stored = JSON.parse(
    host.repository.objects.get(`runs/fake/${result.runId}.json`)?.bytes.toString() ?? '',
  ) as unknown;
  expect(stored).toMatchObject({
    outcome: 'succeeded',
    exitCode: 23,
    error: { code: 'alert-undelivered' },
    alerts: [{ channel: 'prod webhook', outcome: 'undelivered', text: 'HTTP 500 ***' }],
  });
});

test('a failed run keeps its own code and error', async () => {
  const { result } = await run(fail, undelivered);
  expect(result).toMatchObject({
    outcome: 'failed',
    exitCode: 21,
    record: { error: { code: 'check-failed' } },
  });
});

test('a run whose record cannot be stored is told a second time, as failed', async () => {
  const openRepository = (): Promise<never> =>
    Promise.reject(new Failure('repository-unreachable', 'nobody answers'));
  const { result, handed } = await run(succeed, () => Promise.resolve(), { openRepository });
  expect(result).toMatchObject({ outcome: 'failed', exitCode: 20 });
  expect(handed.map(({ record }) => record.outcome)).toEqual(['succeeded', 'failed']);
});

test('a bug in telling is told, and the run is red', async () => {
  const { result } = await run(succeed, () => Promise.reject(new TypeError('undefined is no sesame')));
  expect(result.exitCode).toBe(23);
  expect(host.bugs.join()).toContain('undefined is no ***');
});

describe('who neither hears the signal nor ends', () => {
  const deaf: RunAlerts['finished'] = () => new Promise(() => undefined);

  test('holds up a good run for 90 s', async () => {
    const { result } = await run(succeed, deaf);
    expect(result.exitCode).toBe(23);
    expect(result.record?.durationMs).toBeGreaterThanOrEqual(90_000);
    expect(result.record?.durationMs).toBeLessThan(95_000);
  });

  test('holds up a cancelled one for 3 s, also when it is cancelled while it tells', async () => {
    const cancelled: FakeWork = () => {
      host.cancelWith(new Failure('terminated', 'the run was ended by SIGTERM'));
      return Promise.resolve({});
    };
    const { result } = await run(cancelled, deaf);
    expect(result).toMatchObject({ outcome: 'cancelled', exitCode: 143 });
    expect(result.record?.durationMs).toBeLessThan(5000);

    host.remove();
    const meanwhile = await run(succeed, () => {
      host.cancelWith(new Failure('terminated', 'the run was ended by SIGTERM'));
      return new Promise(() => undefined);
    });
    expect(meanwhile.result.record?.durationMs).toBeLessThan(5000);
  });
});

test('a run that finds its plan locked begins nothing', async () => {
  const take = (): Promise<never> => Promise.reject(new Failure('locked', 'another run is active'));
  const { started, result } = await run(succeed, () => Promise.resolve(), {
    hostLock: { name: 'lock', take },
  });
  expect(started).toEqual([]);
  expect(result.exitCode).toBe(12);
});
