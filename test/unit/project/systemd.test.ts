import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planOf, system, user, wantedFor } from '../place/unit/wanted.ts';
import { root } from './source-files.ts';

const execute = promisify(execFile);
const hasSystemd = await execute('systemd-analyze', ['--version']).then(
  () => true,
  () => false,
);
const templates = ['run-plan@.service', 'run-plan-alert@.service'] as const;
const highestExposure = 2;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'units-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe.runIf(hasSystemd || process.env['CI'] !== undefined)('by systemd itself', () => {
  test.each([system, user])(
    'the generated units of the $kind are accepted without a warning',
    async (scope) => {
      const peak = { calendar: '*-*-* 00/6:00:00', from: '2026-11-20' };
      const timer = { wakeSystem: true, jitterMs: 30_000 };
      const units = await wantedFor(
        [planOf({ schedule: [{ calendar: 'quarterly' }, peak], timer, timeZone: 'Europe/Berlin' })],
        { scope },
      );
      for (const unit of units) {
        await mkdir(dirname(join(folder, unit.path)), { recursive: true });
        if (unit.kind === 'link') await symlink(unit.target, join(folder, unit.path));
        else await writeFile(join(folder, unit.path), unit.text);
      }
      const words = ['verify', '--man=no', ...(scope.kind === 'user' ? ['--user'] : [])];
      const names = ['run-plan@nightly.service', 'run-plan-alert@nightly.service', 'run-plan@nightly.timer'];
      const paths = names.map((name) => `./${name}`);
      const env = { ...process.env, XDG_RUNTIME_DIR: folder };
      const { stdout, stderr } = await execute('systemd-analyze', [...words, ...paths], {
        cwd: folder,
        env,
      });
      expect(stdout + stderr).toBe('');
    },
  );

  test.each(templates)(`%s has an exposure of at most ${String(highestExposure)}`, async (name) => {
    const options = { cwd: join(root, 'systemd') };
    const { stdout } = await execute(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', `./${name}`],
      options,
    );
    const exposure = /Overall exposure level for \S+: (?<level>[\d.]+)/.exec(stdout)?.groups?.['level'];
    expect(Number(exposure)).toBeLessThanOrEqual(highestExposure);
  });
});

test('the service template leaves run-plan the time and the signal to clean up, and is heard when it fails', async () => {
  const text = await readFile(join(root, 'systemd', 'run-plan@.service'), 'utf8');
  expect(text).toMatch(/^KillMode=mixed$/m);
  expect(text).toMatch(/^TimeoutStopSec=\d+$/m);
  expect(text).toMatch(/^StateDirectory=run-plan$/m);
  expect(text).toMatch(/^OnFailure=run-plan-alert@%i\.service$/m);
});
