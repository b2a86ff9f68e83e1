import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../fixtures/until.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

const launcher = fileURLToPath(new URL('../../bin/run-plan.cjs', import.meta.url));
const hasScript = spawnSync('script', ['--version']).status === 0;
const prompt = 'Create a booking  [y signs it off, n rejects it, s leaves it open]';
let workspace: Workspace;

beforeEach(async () => {
  workspace = await createWorkspace();
  await workspace.write(
    'plans/environments.yaml',
    `environments: { staging: { repository: { folder: ${JSON.stringify(workspace.repositoryFolder)} } } }\n`,
  );
  await plan('{ confirm: Create a booking }');
});

afterEach(() => workspace.remove());

function plan(step: string): Promise<void> {
  return workspace.write('plans/drill.yaml', `environment: staging\ntimeout: 10m\nsteps:\n  - ${step}\n`);
}

interface Session {
  readonly ended: Promise<number | null>;
  readonly shown: () => string;
  /** Presses a key, and again where nothing comes of it for long: a second Ctrl-C would end the run at once. */
  readonly pressUntil: (key: string, condition: () => boolean) => Promise<void>;
}

/** The built program in a pseudo-terminal of util-linux's `script`, whose mode is told when it has ended. */
function inTerminal(words: string): Session {
  const { CI: _, GITHUB_ACTIONS: __, NO_COLOR: ___, FORCE_COLOR: ____, ...inherited } = process.env;
  const run = `stty cols 110 rows 50; '${process.execPath}' '${launcher}' ${words}; code=$?; stty -a; exit $code`;
  const child = spawn('script', ['--quiet', '--return', '--command', run, '/dev/null'], {
    cwd: workspace.folder,
    env: {
      ...inherited,
      TERM: 'xterm-256color',
      LOGNAME: 'mira',
      SUDO_USER: '',
      XDG_CACHE_HOME: join(workspace.folder, 'cache'),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  let isOver = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      isOver = true;
      resolve(code);
    });
  });
  const shown = (): string => stripVTControlCharacters(output);
  return {
    ended,
    shown,
    pressUntil: async (key, condition) => {
      const hasReacted = (): boolean => isOver || condition();
      await until('the question', () => isOver || shown().includes(prompt));
      while (!hasReacted()) {
        // What comes with the question passes for typed ahead.
        await pause(500);
        if (!hasReacted()) child.stdin.write(key);
        for (let waited = 0; waited < 10_000 && !hasReacted(); waited += 50) await pause(50);
      }
    },
  };
}

/** Whether the terminal is as a shell has it: lines, echo, and Ctrl-C as a signal. */
function isRestored(shown: string): boolean {
  const settings = shown.slice(shown.lastIndexOf('speed '));
  return ['isig', 'icanon', 'echo'].every((name) => new RegExp(`(^|\\s)${name}(\\s|;)`).test(settings));
}

describe.skipIf(!hasScript)('a question in a real terminal', () => {
  test.each([
    ['y', 0, 'signed', 'mira'],
    ['n', 21, 'rejected', 'mira'],
    ['s', 0, 'open', undefined],
  ])('answered by %s', async (key, code, state, by) => {
    const session = inTerminal('drill');
    await session.pressUntil(key, () => false);
    expect(await session.ended).toBe(code);
    const [record] = await workspace.records('drill');
    const fact = record?.steps[0]?.facts?.['signOff'];
    expect(fact).toMatchObject({ check: 'confirm-1', text: 'Create a booking', state });
    expect((fact as { by?: string }).by).toBe(by);
    expect(isRestored(session.shown())).toBe(true);
  });

  test('left by Ctrl-C ends the run, and leaves the terminal as it was', async () => {
    const session = inTerminal('drill');
    await session.pressUntil('\u0003', () => session.shown().includes('cancel'));
    expect(await session.ended).toBe(130);
    expect(isRestored(session.shown())).toBe(true);
    expect((await workspace.records('drill'))[0]).toMatchObject({
      outcome: 'cancelled',
      error: { code: 'interrupted' },
    });
  });

  test('waits for longer than a stall, and no longer than the step may take', async () => {
    await plan('{ confirm: Create a booking, stall-timeout: 1s, timeout: 3s }');
    const session = inTerminal('drill');
    expect(await session.ended).toBe(20);
    expect(isRestored(session.shown())).toBe(true);
    expect((await workspace.records('drill'))[0]).toMatchObject({ error: { code: 'step-timeout' } });
  });

  test.each(['drill --yes', 'drill --json'])('is not asked by %s', async (words) => {
    const session = inTerminal(words);
    expect(await session.ended).toBe(0);
    expect(session.shown()).not.toContain('y signs it off');
    expect((await workspace.records('drill'))[0]?.steps[0]?.facts).toMatchObject({
      signOff: { state: 'open' },
    });
  });
});

test('without a terminal a question stays open', async () => {
  const told = await workspace.run(['drill']);
  expect(told.code).toBe(0);
  expect(told.text).toContain('open: Create a booking');
});
