import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
/** The libraries take some 35 MB; a Node would take 190 more. */
const largestInstallation = 80e6;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'install-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the packed program installs globally without a Node of its own, and runs', async () => {
  await execute('npm', ['pack', '--ignore-scripts', '--loglevel=silent', '--pack-destination', folder], {
    cwd: root,
  });
  const [tarball] = await readdir(folder);
  const prefix = join(folder, 'prefix');
  const options = [
    '--global',
    '--prefix',
    prefix,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  await execute('npm', ['install', ...options, join(folder, tarball ?? '')], { cwd: folder });

  const modules = join(prefix, 'lib', 'node_modules');
  expect(await readdir(modules)).toEqual(['run-plan']);
  expect(
    (await readdir(join(modules, 'run-plan', 'node_modules'))).filter((name) =>
      name.startsWith('node-linux'),
    ),
  ).toEqual([]);
  const { stdout: size } = await execute('du', ['-sk', prefix]);
  expect(Number.parseInt(size, 10) * 1024).toBeLessThan(largestInstallation);

  const environment = { ...process.env, PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: folder };
  const { stdout } = await execute(join(prefix, 'bin', 'run-plan'), ['--help'], {
    env: environment,
    cwd: folder,
  });
  expect(stdout).toContain('Usage: run-plan <plan>');
});
