import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isRunning } from '../../fixtures/is-running.ts';
import { systemClock } from '../../../src/base/clock.ts';
import type { Pipeline } from '../../../src/run/pipeline.ts';
import { runPipeline, type RunResult } from '../../../src/run/run-pipeline.ts';
import { startedEvent } from '../../../src/run/start-run.ts';
import { Failure } from '../../../src/base/failure.ts';
import type { RunEvent } from '../../../src/run/record/event.ts';
import { openJournal } from '../../../src/run/record/journal.ts';
import { journalFile } from '../../../src/base/state-folder.ts';
import { violations } from '../../../src/language/yaml/validator.ts';
import { validate } from '../../../src/language/generated/run-record.validate.ts';
import { validate as validateEvent } from '../../../src/language/generated/run-event.validate.ts';
import { fakeHost, fakePipeline, fakeStep, type FakeHost, type FakeWork } from '../../fixtures/fake-run.ts';
import { virtualClock, type VirtualClock } from '../../fixtures/virtual-clock.ts';

let clock: VirtualClock;
let host: FakeHost;

beforeEach(() => {
  clock = virtualClock();
  host = fakeHost(clock);
});

afterEach(() => {
  host.remove();
});

const succeed: FakeWork = () => Promise.resolve({});
const fail: FakeWork = () => Promise.reject(new Failure('command-failed', 'it broke'));
const forever: FakeWork = ({ clock: time, signal }) => time.sleep(1e9, signal).then(() => ({}));
const deaf: FakeWork = () => new Promise(() => undefined);

async function run(pipeline: Pipeline): Promise<RunResult> {
  const result = await clock.run(runPipeline(pipeline, host));
  expect(violations(validate, result.record)).toEqual([]);
  // What the journal could not read again would make an ended run a killed one.
  for (const event of host.events) expect(violations(validateEvent, event)).toEqual([]);
  expect(host.isLocked()).toBe(false);
  expect(existsSync(join(host.stateFolder, 'tmp', result.runId))).toBe(false);
  return result;
}

function outcomes(result: RunResult): Record<string, string> {
  return Object.fromEntries((result.record?.steps ?? []).map(({ id, outcome }) => [id, outcome]));
}

function finishedOf(step: string): Extract<RunEvent, { type: 'step-finished' }> | undefined {
  return host.events.find((event) => event.type === 'step-finished' && event.step === step) as never;
}

describe('order', () => {
  test('prepare, steps, cleanup; one after the other', async () => {
    const result = await run(
      fakePipeline([
        fakeStep('a', succeed, { phase: 'prepare' }),
        fakeStep('b', succeed),
        fakeStep('c', succeed, { phase: 'cleanup' }),
      ]),
    );
    expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect(host.told()).toEqual([
      'run-started',
      'step-started a',
      'step-finished a',
      'step-started b',
      'step-finished b',
      'step-started c',
      'step-finished c',
      'run-finished',
    ]);
  });

  test('a failed step skips what follows it, and cleanup runs', async () => {
    const result = await run(
      fakePipeline([
        fakeStep('a', fail),
        fakeStep('b', succeed),
        fakeStep('c', fail, { phase: 'cleanup' }),
        fakeStep('d', succeed, { phase: 'cleanup' }),
      ]),
    );
    expect(outcomes(result)).toEqual({ a: 'failed', b: 'skipped', c: 'failed', d: 'succeeded' });
    expect(finishedOf('b')?.reason).toBe('step a failed');
    expect(result).toMatchObject({
      outcome: 'failed',
      exitCode: 20,
      record: { error: { message: 'it broke' } },
    });
  });

  test('a failed prepare skips the steps', async () => {
    const result = await run(
      fakePipeline([
        fakeStep('a', fail, { phase: 'prepare' }),
        fakeStep('b', succeed),
        fakeStep('c', succeed, { phase: 'cleanup' }),
      ]),
    );
    expect(outcomes(result)).toEqual({ a: 'failed', b: 'skipped', c: 'succeeded' });
  });

  test('continue-on-failure lets later steps run and the run is failed all the same', async () => {
    const result = await run(
      fakePipeline([
        fakeStep('a', succeed),
        fakeStep('b', fail, { continueOnFailure: true }),
        fakeStep('c', fail, { continueOnFailure: true }),
        fakeStep('d', succeed),
      ]),
    );
    expect(outcomes(result)).toEqual({ a: 'succeeded', b: 'failed', c: 'failed', d: 'succeeded' });
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 20, record: { failedStep: 'b' } });
  });

  test('a failure in cleanup alone makes the run red', async () => {
    const result = await run(
      fakePipeline([fakeStep('a', succeed), fakeStep('b', fail, { phase: 'cleanup' })]),
    );
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 20 });
  });

  test.each(['', 'false', 'No', '0', ' FALSE '])('when %j skips the step', async (when) => {
    const result = await run(fakePipeline([fakeStep('a', fail, { when })]));
    expect(outcomes(result)).toEqual({ a: 'skipped' });
    expect(result.exitCode).toBe(0);
  });

  test('when sees parameters', async () => {
    expect(
      outcomes(await run(fakePipeline([fakeStep('a', succeed, { when: '${parameters.colour}' })]))),
    ).toEqual({ a: 'succeeded' });
  });
});

describe('outputs', () => {
  test('reach the parameters of later steps', async () => {
    const seen: unknown[] = [];
    const second = fakeStep('b', succeed);
    if (second.work.kind !== 'task') throw new Error('a task was wanted');
    const task = {
      ...second.work.task,
      run: (_: unknown, parameters: unknown) => {
        seen.push(parameters);
        return Promise.resolve({});
      },
    };
    await run(
      fakePipeline([
        fakeStep('a', () => Promise.resolve({ outputs: { value: 'pg_x' } })),
        {
          ...second,
          work: { ...second.work, task, parameters: { artifact: 'x ${steps.a.value} ${parameters.colour}' } },
        },
      ]),
    );
    expect(seen).toEqual([{ artifact: 'x pg_x green' }]);
  });

  test('of a step that was skipped are a failure of the step that wants them', async () => {
    const result = await run(
      fakePipeline([
        fakeStep('a', succeed, { when: 'no' }),
        fakeStep('b', succeed, { when: '${steps.a.value}' }),
      ]),
    );
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 10 });
    expect(finishedOf('b')?.error?.message).toContain('${steps.a.value}');
  });
});

describe('limits', () => {
  test('a step that outlives its deadline fails with step-timeout', async () => {
    const result = await run(
      fakePipeline([fakeStep('a', forever, { timeoutMs: 90_000, stallTimeoutMs: 1e9 })]),
    );
    expect(result.record).toMatchObject({
      error: { code: 'step-timeout', message: 'step a did not end within 90s' },
    });
    expect(finishedOf('a')).toMatchObject({ outcome: 'failed', durationMs: 90_000 });
  });

  test('a task that does not listen to its signal is left behind after five seconds', async () => {
    await run(
      fakePipeline([
        fakeStep('a', deaf, { timeoutMs: 60_000 }),
        fakeStep('c', succeed, { phase: 'cleanup' }),
      ]),
    );
    expect(finishedOf('a')).toMatchObject({ outcome: 'failed', durationMs: 65_000 });
    expect(finishedOf('c')?.outcome).toBe('succeeded');
  });

  test('a step without a sign of life fails with step-stalled', async () => {
    const result = await run(fakePipeline([fakeStep('a', forever, { stallTimeoutMs: 60_000 })]));
    expect(result.record?.error?.code).toBe('step-stalled');
    expect(finishedOf('a')?.durationMs).toBe(60_000);
  });

  test.each(['progress', 'phase', 'note'] as const)('%s is a sign of life', async (kind) => {
    const talk: FakeWork = async ({ report, clock: time, signal }) => {
      for (let index = 0; index < 10; index += 1) {
        await time.sleep(50_000, signal);
        if (kind === 'progress') report.progress(index);
        else report[kind]('busy');
      }
      return {};
    };
    expect((await run(fakePipeline([fakeStep('a', talk, { stallTimeoutMs: 60_000 })]))).exitCode).toBe(0);
  });

  test('the plan’s deadline ends prepare and steps, and cleanup still has time of its own', async () => {
    const slow: FakeWork = ({ clock: time, signal }) => time.sleep(300_000, signal).then(() => ({}));
    const result = await run(
      fakePipeline(
        [fakeStep('a', forever), fakeStep('b', succeed), fakeStep('c', slow, { phase: 'cleanup' })],
        { timeoutMs: 60_000 },
      ),
    );
    expect(outcomes(result)).toEqual({ a: 'failed', b: 'skipped', c: 'succeeded' });
    expect(result.record?.error).toMatchObject({
      code: 'run-timeout',
      message: 'plan fake did not end within 1m',
    });
    expect(result.exitCode).toBe(20);
  });

  test('cleanup ends after ten minutes', async () => {
    const result = await run(fakePipeline([fakeStep('c', forever, { phase: 'cleanup' })]));
    expect(result).toMatchObject({ outcome: 'failed' });
    expect(finishedOf('c')?.durationMs).toBe(600_000);
  });

  test('a deadline longer than Node’s timers can hold does not fire at once', async () => {
    expect(
      (
        await run(
          fakePipeline([fakeStep('a', succeed, { timeoutMs: 1e11, stallTimeoutMs: 1e11 })], {
            timeoutMs: 1e11,
          }),
        )
      ).exitCode,
    ).toBe(0);
  });
});

describe('retries', () => {
  function failing(times: number, error: () => Error): FakeWork {
    let count = 0;
    return () => {
      count += 1;
      return count <= times ? Promise.reject(error()) : Promise.resolve({ bytes: 7 });
    };
  }
  const transient = (): Failure => new Failure('repository-unreachable', '503');

  test('come after growing delays, cut by jitter', async () => {
    const retry = { times: 3, delayMs: 10_000, backoff: 'exponential' as const };
    const result = await run(fakePipeline([fakeStep('a', failing(3, transient), { retry })]));
    expect(result).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect(result.record?.steps[0]).toMatchObject({ attempts: 4, bytes: 7, durationMs: 61_250 });
    expect(result.record?.steps[0]?.retries.map(({ delayMs }) => delayMs)).toEqual([8750, 17_500, 35_000]);
  });

  test('end with the last error when they are used up', async () => {
    const retry = { times: 1, delayMs: 1000, backoff: 'constant' as const };
    const result = await run(fakePipeline([fakeStep('a', failing(9, transient), { retry })]));
    expect(result.record?.steps[0]).toMatchObject({
      outcome: 'failed',
      attempts: 2,
      error: { code: 'repository-unreachable' },
    });
  });

  test('stay inside the step’s deadline: no delay that would outlive it', async () => {
    const retry = { times: 9, delayMs: 40_000, backoff: 'constant' as const };
    await run(fakePipeline([fakeStep('a', failing(9, transient), { retry, timeoutMs: 100_000 })]));
    expect(finishedOf('a')).toMatchObject({
      attempts: 3,
      durationMs: 80_000,
      error: { code: 'repository-unreachable' },
    });
  });

  test.each([
    ['a failure that would be the same', (): Error => new Failure('tool-missing', 'no zstd')],
    ['a bug', (): Error => new TypeError('undefined is not a function')],
  ])('%s is not retried', async (_, error) => {
    const retry = { times: 9, delayMs: 1, backoff: 'constant' as const };
    await run(fakePipeline([fakeStep('a', failing(1, error), { retry })]));
    expect(finishedOf('a')).toMatchObject({ attempts: 1, outcome: 'failed' });
  });

  test('a stalled attempt is retried', async () => {
    let count = 0;
    const once: FakeWork = (context) => {
      count += 1;
      return count === 1 ? forever(context) : succeed(context);
    };
    const retry = { times: 1, delayMs: 1, backoff: 'constant' as const };
    expect((await run(fakePipeline([fakeStep('a', once, { retry, stallTimeoutMs: 1000 })]))).exitCode).toBe(
      0,
    );
  });

  test('a cancel ends the delay', async () => {
    const retry = { times: 1, delayMs: 600_000, backoff: 'constant' as const };
    clock.at(1000, () => {
      host.cancelWith(new Failure('interrupted', 'SIGINT'));
    });
    const result = await run(fakePipeline([fakeStep('a', failing(1, transient), { retry })]));
    expect(result).toMatchObject({ outcome: 'cancelled', exitCode: 130 });
    expect(finishedOf('a')?.durationMs).toBe(1000);
  });
});

describe('a cancel', () => {
  test.each([
    ['interrupted', 130],
    ['terminated', 143],
  ] as const)('%s ends the step, skips the rest, cleans up, exits %i', async (code, exitCode) => {
    clock.at(5000, () => {
      host.cancelWith(new Failure(code, 'the run was ended by a signal'));
    });
    const result = await run(
      fakePipeline([
        fakeStep('a', deaf),
        fakeStep('b', succeed),
        fakeStep('c', succeed, { phase: 'cleanup' }),
      ]),
    );
    expect(outcomes(result)).toEqual({ a: 'cancelled', b: 'skipped', c: 'succeeded' });
    expect(result).toMatchObject({ outcome: 'cancelled', exitCode });
    expect(result.record?.durationMs).toBeLessThan(15_000);
    expect(host.told()).toContain('run-cancelled');
    expect([...host.repository.objects.keys()]).toEqual([`runs/fake/${result.runId}.json`]);
  });

  test('cuts a cleanup that runs already to a minute', async () => {
    clock.at(5000, () => {
      host.cancelWith(new Failure('terminated', 'SIGTERM'));
    });
    await run(fakePipeline([fakeStep('c', forever, { phase: 'cleanup' })]));
    expect(finishedOf('c')?.durationMs).toBe(65_000);
  });

  test('a repository that hangs holds a cancelled run for ten seconds at most', async () => {
    host.remove();
    host = fakeHost(clock, { openRepository: () => new Promise(() => undefined) });
    clock.at(5000, () => {
      host.cancelWith(new Failure('terminated', 'SIGTERM'));
    });
    const result = await run(fakePipeline([fakeStep('a', forever)]));
    expect(result).toMatchObject({ outcome: 'cancelled', exitCode: 143 });
    expect(result.record?.warnings[0]).toContain('could not be stored');
    expect(result.record?.durationMs).toBeLessThan(15_000);
    expect(clock.monotonicMs()).toBeLessThan(25_000);
  });

  test('a lost lock ends the run as failed and cleans up', async () => {
    clock.at(5000, () => {
      host.loseLock(new Failure('postgres-connection-lost', 'the session is gone'));
    });
    const result = await run(
      fakePipeline([fakeStep('a', forever), fakeStep('c', succeed, { phase: 'cleanup' })]),
    );
    expect(outcomes(result)).toEqual({ a: 'failed', c: 'succeeded' });
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 20 });
    expect(result.record?.error?.code).toBe('postgres-connection-lost');
    expect(finishedOf('a')?.durationMs).toBe(5000);
  });
});

describe('an attempt leaves nothing', () => {
  test('its endings run last first, also after a failure, and one that fails is warned of', async () => {
    const order: string[] = [];
    const work: FakeWork = (context) => {
      context.onEnd('first', () => {
        order.push('first');
        return Promise.resolve();
      });
      context.onEnd('second', () => Promise.reject(new Error('no such upload')));
      context.onEnd('third', () => {
        order.push('third');
        return Promise.resolve();
      });
      return Promise.reject(new Failure('command-failed', 'it broke'));
    };
    const result = await run(fakePipeline([fakeStep('a', work)]));
    expect(order).toEqual(['third', 'first']);
    expect(result.record?.steps[0]?.notes).toEqual([{ level: 'warning', text: 'second: no such upload' }]);
  });

  test('an ending that hangs is left after twelve seconds', async () => {
    const work: FakeWork = (context) => {
      context.onEnd('abort the upload', () => new Promise(() => undefined));
      return Promise.resolve({});
    };
    await run(fakePipeline([fakeStep('a', work)]));
    expect(finishedOf('a')).toMatchObject({ outcome: 'succeeded', durationMs: 12_000 });
  });

  test('endings may run commands although the attempt’s signal has aborted', async () => {
    const told: string[] = [];
    const work: FakeWork = (context) => {
      context.onEnd('stop', async () => {
        told.push((await context.commands.run('echo', ['stopped'])).stdout);
      });
      return forever(context);
    };
    // Real processes and a virtual clock do not go together: a minute here passes in no time.
    host.remove();
    host = fakeHost(systemClock);
    await runPipeline(fakePipeline([fakeStep('a', work, { timeoutMs: 50 })]), host);
    expect(told).toEqual(['stopped\n']);
  });

  test('a process that it forgot dies with it', async () => {
    const pids: number[] = [];
    const work: FakeWork = async (context) => {
      const pipe = context.commands.pipe([{ program: 'bash', arguments: ['-c', 'echo $$; exec sleep 605'] }]);
      pipe.done.catch(() => undefined);
      const [chunk] = (await once(pipe.output, 'data')) as [Buffer];
      pids.push(Number(chunk.toString()));
      return {};
    };
    host.remove();
    host = fakeHost(systemClock);
    await runPipeline(fakePipeline([fakeStep('a', work)]), host);
    expect(pids).toHaveLength(1);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  test('each attempt has an empty folder of its own that goes with it', async () => {
    const folders: string[] = [];
    const work: FakeWork = ({ folder }) => {
      folders.push(folder);
      expect(readdirSync(folder)).toEqual([]);
      return folders.length < 2 ? fail({} as never) : Promise.resolve({});
    };
    await run(fakePipeline([fakeStep('a', work, { retry: { times: 1, delayMs: 1, backoff: 'constant' } })]));
    expect(new Set(folders).size).toBe(2);
    expect(folders.filter(existsSync)).toEqual([]);
  });
});

describe('a bug', () => {
  test('is exit 1, its stack is told, and everything is cleaned', async () => {
    const work: FakeWork = () => Promise.reject(new TypeError('sesame is not a function'));
    const result = await run(
      fakePipeline([fakeStep('a', work), fakeStep('c', succeed, { phase: 'cleanup' })]),
    );
    expect(result).toMatchObject({
      outcome: 'failed',
      exitCode: 1,
      record: { error: { code: 'bug', message: '*** is not a function' } },
    });
    expect(host.bugs[0]).toMatch(/^TypeError: \*\*\* is not a function\n +at /);
    expect(outcomes(result)['c']).toBe('succeeded');
  });

  test('also one that is thrown before the first await', async () => {
    const work: FakeWork = () => {
      throw new RangeError('at once');
    };
    expect((await run(fakePipeline([fakeStep('a', work)]))).exitCode).toBe(1);
  });
});

describe('events', () => {
  test('are redacted before any sink sees them, names excepted', async () => {
    const work: FakeWork = ({ report }) => {
      report.note('password sesame');
      return Promise.resolve({ facts: { list: ['sesame'] }, outputs: { value: 'sesame' } });
    };
    const result = await run(fakePipeline([fakeStep('sesame', work)]));
    const journal = readFileSync(join(host.stateFolder, 'runs/fake', `${result.runId}.jsonl`), 'utf8');
    for (const text of [JSON.stringify(host.events), journal, JSON.stringify(result.record)]) {
      expect(text.replaceAll(/"(?:id|step|action|name)":"[^"]*"/g, '')).not.toContain('sesame');
    }
    expect(result.record?.steps[0]?.id).toBe('sesame');
  });

  test('secrets in the words of a failure are masked in the stored record, too', async () => {
    const work: FakeWork = () =>
      Promise.reject(new Failure('check-failed', 'found sesame', { facts: { found: 'sesame' } }));
    await run(fakePipeline([fakeStep('a', work)]));
    const [stored] = host.repository.objects.values();
    expect(stored?.bytes.toString()).toContain('found ***');
    expect(stored?.bytes.toString()).not.toContain('sesame');
  });

  test('progress comes four times a second at most, the last of it always', async () => {
    const work: FakeWork = async ({ report, clock: time }) => {
      for (let index = 1; index <= 1000; index += 1) {
        await time.sleep(1);
        report.progress(index, 1000);
      }
      return {};
    };
    await run(fakePipeline([fakeStep('a', work)]));
    const told = host.events.filter((event) => event.type === 'step-progress');
    expect(told.length).toBeGreaterThanOrEqual(4);
    expect(told.length).toBeLessThanOrEqual(6);
    expect(told.at(-1)).toMatchObject({ bytes: 1000, totalBytes: 1000 });
  });

  test('a sink that throws ends nothing', async () => {
    host.remove();
    host = fakeHost(clock, {
      sinks: [
        {
          handle: () => {
            throw new Error('broken view');
          },
          close: () => Promise.reject(new Error('too')),
        },
      ],
    });
    expect((await run(fakePipeline([fakeStep('a', succeed)]))).exitCode).toBe(0);
  });
});

describe('the record', () => {
  test('is stored in the repository and says how the run ended', async () => {
    const result = await run(fakePipeline([fakeStep('a', () => Promise.resolve({ bytes: 3_000_000 }))]));
    const stored = host.repository.objects.get(`runs/fake/${result.runId}.json`);
    expect(JSON.parse(stored?.bytes.toString() ?? '')).toMatchObject({
      outcome: 'succeeded',
      exitCode: 0,
      complete: true,
      bytes: 3_000_000,
    });
  });

  test('that cannot be stored makes a good run red', async () => {
    host.repository.onRequest = () => {
      throw new Failure('repository-write', 'access denied');
    };
    const result = await run(fakePipeline([fakeStep('a', succeed)]));
    expect(result).toMatchObject({
      outcome: 'failed',
      exitCode: 20,
      record: { error: { code: 'record-not-stored' } },
    });
    expect(result.record?.error?.message).toContain('access denied');
  });

  test('that cannot be stored does not hide why a run failed', async () => {
    host.repository.onRequest = () => {
      throw new Failure('repository-write', 'access denied');
    };
    const result = await run(fakePipeline([fakeStep('a', fail)]));
    expect(result.record).toMatchObject({
      error: { message: 'it broke' },
      warnings: [expect.stringContaining('access denied')],
    });
  });

  test('a locked run leaves a record of its own, runs no step, and is never taken for an interrupted one', async () => {
    host.remove();
    const journals = (): readonly string[] => {
      const folder = join(host.stateFolder, 'runs/fake');
      return existsSync(folder) ? readdirSync(folder) : [];
    };
    let whileLocked: readonly string[] | undefined;
    host = fakeHost(clock, {
      hostLock: {
        name: 'host',
        take: () => {
          whileLocked = journals();
          return Promise.reject(new Failure('locked', 'run x holds its lock'));
        },
      },
    });
    const result = await run(
      fakePipeline([fakeStep('a', succeed), fakeStep('c', succeed, { phase: 'cleanup' })]),
    );
    expect(result).toMatchObject({ outcome: 'failed', exitCode: 12 });
    expect(outcomes(result)).toEqual({ a: 'skipped', c: 'skipped' });
    expect(host.repository.objects.size).toBe(1);
    expect(whileLocked).toEqual([]);
    const lines = readFileSync(join(host.stateFolder, 'runs/fake', `${result.runId}.jsonl`), 'utf8')
      .trim()
      .split('\n');
    expect(lines).toHaveLength(2);
  });

  test('of a killed run is stored by the next one, which names it', async () => {
    const killed = 'fake-20241231T020000Z-0001';
    const journal = openJournal(journalFile(host.stateFolder, 'fake', killed));
    journal.handle({
      ...startedEvent({
        run: { id: killed, plan: 'fake', planHash: 'f', startedAt: clock.now(), scratch: '' },
        pipeline: fakePipeline([]),
        host,
      }),
      at: clock.now().toISOString(),
    });
    journal.begin();
    const result = await run(fakePipeline([fakeStep('a', succeed)]));
    expect(result).toMatchObject({ exitCode: 0, record: { interruptedRuns: [killed] } });
    expect([...host.repository.objects.keys()].sort()).toEqual([
      `runs/fake/${killed}.json`,
      `runs/fake/${result.runId}.json`,
    ]);
  });

  test('a run id names plan, start and four hex digits', async () => {
    expect((await run(fakePipeline([]))).runId).toBe('fake-20250101T020000Z-4000');
  });
});
