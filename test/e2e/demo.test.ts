import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runInProcess } from './in-process.ts';

const launcher = fileURLToPath(new URL('../../bin/run-plan', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-'));
  // The throw-away server's own user must reach what it makes in here.
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Demo {
  readonly code: number | null;
  readonly text: string;
}

/** Runs the demo with its temporary files in `folder`; sends a signal when the text matches. */
async function demo(
  words: readonly string[],
  interruptAt?: RegExp,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<Demo> {
  const child = spawn(launcher, ['demo', '--size', '3MB', ...words], {
    env: { ...process.env, TMPDIR: folder, RUN_PLAN_NODE: process.execPath },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let interrupted = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (interrupted || interruptAt?.test(text) !== true) return;
      interrupted = true;
      child.kill(signal);
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

test('the demo runs the plan, shows the verified artifact and its guide, and leaves nothing', async () => {
  const { code, text } = await demo([]);
  expect(text).toMatch(
    /\$ run-plan validate.*\$ run-plan nightly-demo.*\$ run-plan artifacts.*\$ run-plan status --check/s,
  );
  expect(text).toMatch(/pg_cleaning_\d{8}T\d{6}Z/);
  expect(text).toMatch(/\$ psql cleaning\n(?<counts>.+?)\s+\$ psql cleaning_restored\n\k<counts>/s);
  expect(code).toBe(0);
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ['SIGINT', 130, /A throw-away Postgres/],
  ['SIGINT', 130, /\$ psql/],
  ['SIGTERM', 143, /\$ run-plan nightly-demo/],
] as const)('%s ends the demo with %d and leaves nothing, also early (%s)', async (signal, expected, at) => {
  const { code } = await demo([], at, signal);
  expect(code).toBe(expected);
  expect(await readdir(folder)).toEqual([]);
});

test('--keep leaves the folder with the plan and the repository', async () => {
  const { code } = await demo(['--keep']);
  expect(code).toBe(0);
  const [kept, ...others] = await readdir(folder);
  expect(others).toEqual([]);
  expect(await readdir(join(folder, kept ?? ''))).toEqual(
    expect.arrayContaining(['plans', 'repository', 'run-plan.yaml']),
  );
});

test('a size that is none is a usage error', async () => {
  const { code } = await runInProcess(['demo', '--size', 'huge'], { folder, variables: process.env });
  expect(code).toBe(2);
});
