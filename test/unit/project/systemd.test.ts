import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { root } from './source-files.ts';

const execute = promisify(execFile);
const hasSystemd = await execute('systemd-analyze', ['--version']).then(
  () => true,
  () => false,
);
const unit = 'run-plan@.service';
const highestExposure = 2;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'units-'));
  await cp(join(root, 'systemd'), folder, { recursive: true });
  // Verifying wants a program that is there; where run-plan is installed is the host's affair.
  const text = await readFile(join(folder, unit), 'utf8');
  await writeFile(
    join(folder, unit),
    text.replace('ExecStart=/usr/local/bin/run-plan ', 'ExecStart=/bin/true '),
  );
});
afterEach(() => rm(folder, { recursive: true }));

describe.runIf(hasSystemd)('the service template', { timeout: 30_000 }, () => {
  test('is accepted by systemd without a warning, with its credentials', async () => {
    const { stdout, stderr } = await execute(
      'systemd-analyze',
      ['verify', '--man=no', `./run-plan@nightly-prod.service`],
      { cwd: folder },
    );
    expect(stdout + stderr).toBe('');
  });

  test(`has an exposure of at most ${highestExposure}`, async () => {
    const { stdout } = await execute(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', `./${unit}`],
      { cwd: folder },
    );
    const exposure = /Overall exposure level for \S+: (?<level>[\d.]+)/.exec(stdout)?.groups?.['level'];
    expect(Number(exposure)).toBeLessThanOrEqual(highestExposure);
  });
});

test('the service template leaves run-plan the time and the signal to clean up', async () => {
  const text = await readFile(join(root, 'systemd', unit), 'utf8');
  expect(text).toMatch(/^KillMode=mixed$/m);
  expect(text).toMatch(/^TimeoutStopSec=\d+$/m);
  expect(text).toMatch(/^StateDirectory=run-plan$/m);
});
