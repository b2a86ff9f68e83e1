import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/run/record/event.ts';
import { isRunning } from '../../fixtures/is-running.ts';
import { until } from '../../fixtures/until.ts';
import { runSteps, type WantedStep } from './run-steps.ts';

const runner = fileURLToPath(new URL('runner.ts', import.meta.url));

let folder = '';
let runs: Run[] = [];
let printed: number[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-plan-killed-'));
  runs = [];
  printed = [];
});

afterEach(() => {
  for (const { child } of runs) if (child.exitCode === null) child.kill('SIGKILL');
  // A child in a session of its own outlives a run that could end by itself.
  for (const pid of printed.filter(isRunning)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<number | NodeJS.Signals | null>;
  events(): readonly RunEvent[];
  stderr(): string;
}

function start(steps: readonly WantedStep[]): Run {
  const child = spawn(process.execPath, [runner, folder, JSON.stringify(steps)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const told = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    told.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    told.stderr += chunk.toString();
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(code ?? signal);
    });
  });
  const run: Run = {
    child,
    ended,
    events: () =>
      told.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as RunEvent),
    stderr: () => told.stderr,
  };
  runs.push(run);
  return run;
}

/** The process ids that a step's script has printed, once there are `count`. */
async function pidsOf(run: Run, count: number): Promise<readonly number[]> {
  return until(`${String(count)} process ids`, () => {
    const lines = run.events().flatMap((event) => (event.type === 'step-output' ? [Number(event.line)] : []));
    printed.push(...lines);
    return lines.length >= count ? lines : undefined;
  });
}

function runIdOf(run: Run): string {
  const [first] = run.events();
  return first?.type === 'run-started' ? first.runId : '';
}

/** A script that leaves a child in its group, one in a session of its own, and one that ignores SIGTERM. */
const stubborn = `sleep 600 & echo $!
setsid sleep 601 & echo $!
(trap '' TERM; echo $BASHPID; while :; do sleep 1; done) &
wait`;

/** Another run of the plan on this host, which nothing is to happen to: in this process. */
async function runQuick(): Promise<{ readonly code: number; readonly events: readonly RunEvent[] }> {
  const events: RunEvent[] = [];
  const code = await runSteps(folder, [{ script: 'echo done' }], {
    onEvent: (event) => events.push(event),
    exit: (second) => {
      throw new Error(`it was to end with ${String(second)}`);
    },
    reportBug: (stack) => {
      throw new Error(stack);
    },
  });
  return { code, events };
}

/** The guards of the run, by their command lines. */
function guards(runId: string): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
        return line.includes('run-plan-guard') && line.includes(runId);
      } catch {
        return false;
      }
    });
}

describe('a run killed by SIGKILL', () => {
  test('leaves no process, no lock, no temporary folder, and the next run names it', async () => {
    const run = start([{ script: stubborn }]);
    const pids = await pidsOf(run, 3);
    const runId = runIdOf(run);
    expect(pids.filter(isRunning)).toHaveLength(3);
    expect(existsSync(join(folder, 'tmp', runId))).toBe(true);
    run.child.kill('SIGKILL');
    expect(await run.ended).toBe('SIGKILL');
    await until('the guard has ended', () => guards(runId).length === 0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(existsSync(join(folder, 'tmp', runId))).toBe(false);

    const next = await runQuick();
    expect(next.code).toBe(0);
    expect(next.events).toContainEqual(
      expect.objectContaining({ type: 'run-interrupted-found', runId, step: 's0' }),
    );
    const third = await runQuick();
    expect(third.code).toBe(0);
    expect(third.events.map(({ type }) => type)).not.toContain('run-interrupted-found');
  });

  test('lets the next run start at once, while its guard still ends what it left', async () => {
    // Nothing that takes the guard seconds: the next run waits five.
    const run = start([{ script: 'sleep 600 & echo $!\nsetsid sleep 601 & echo $!\nwait' }]);
    await pidsOf(run, 2);
    run.child.kill('SIGKILL');
    await run.ended;
    expect((await runQuick()).code).toBe(0);
  });
});

describe('a second run of a plan', () => {
  test('exits 12, names the holder, and disturbs nothing', async () => {
    const goOn = join(folder, 'go-on');
    const first = start([{ script: `echo $$; until [[ -e ${goOn} ]]; do sleep 0.05; done` }]);
    await pidsOf(first, 1);
    const second = await runQuick();
    expect(second.code).toBe(12);
    const finished = second.events.at(-1);
    const holder = `run ${runIdOf(first)} (process ${String(first.child.pid)} on `;
    expect(finished).toMatchObject({
      type: 'run-finished',
      error: { code: 'locked', message: expect.stringContaining(holder) as string },
    });
    writeFileSync(goOn, '');
    expect(await first.ended).toBe(0);
    const third = await runQuick();
    expect(third.code).toBe(0);
    expect(third.events.map(({ type }) => type)).not.toContain('run-interrupted-found');
  });
});

describe('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 143],
  ] as const)('%s ends every process, runs cleanup and exits %i', async (signal, code) => {
    const marker = join(folder, 'cleaned');
    const run = start([{ script: stubborn }, { script: `touch ${marker}`, phase: 'cleanup' }]);
    const pids = await pidsOf(run, 3);
    run.child.kill(signal);
    expect(await run.ended).toBe(code);
    expect(existsSync(marker)).toBe(true);
    expect([pids[0], pids[2]].map(Number).filter(isRunning)).toEqual([]);
    expect(guards(runIdOf(run))).toEqual([]);
  });

  test('a second one ends everything at once, also a cleanup', async () => {
    const run = start([{ script: stubborn }, { script: 'echo $$; sleep 602', phase: 'cleanup' }]);
    const pids = await pidsOf(run, 3);
    run.child.kill('SIGTERM');
    const all = await pidsOf(run, 4);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(130);
    await until('the guard has ended', () => guards(runIdOf(run)).length === 0);
    expect([...pids, ...all].filter(isRunning)).toEqual([]);
    expect(existsSync(join(folder, 'tmp', runIdOf(run)))).toBe(false);
  });
});

describe('life', () => {
  test('any byte counts, also without a newline', async () => {
    const run = start([{ script: 'for i in {1..14}; do printf .; sleep 0.3; done', stallTimeoutMs: 4000 }]);
    expect(await run.ended).toBe(0);
  });

  test('silence does not', async () => {
    const run = start([{ script: 'echo $$; sleep 603', stallTimeoutMs: 3000 }]);
    expect(await run.ended).toBe(20);
    expect(run.events().at(-1)).toMatchObject({ error: { code: 'step-stalled' } });
    expect((await pidsOf(run, 1)).filter(isRunning)).toEqual([]);
  });
});

test('a guard that is killed ends the run, because its lock is gone', async () => {
  const run = start([{ script: 'echo $$; sleep 604' }]);
  const pids = await pidsOf(run, 1);
  for (const pid of guards(runIdOf(run))) process.kill(pid, 'SIGKILL');
  expect(await run.ended).toBe(20);
  expect(run.events().at(-1)).toMatchObject({ error: { code: 'lock-lost' } });
  expect(pids.filter(isRunning)).toEqual([]);
});
