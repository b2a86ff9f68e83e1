import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadSettings } from '../../../../src/language/settings/load-settings.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-settings-'));
  await mkdir(join(folder, 'deep/er'), { recursive: true });
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('without a file everything is beside the working folder', async () => {
  const { settings, problems } = await loadSettings(folder, {});
  expect(problems).toEqual([]);
  expect(settings).toMatchObject({
    plansFolder: join(folder, 'plans'),
    taskFolders: [join(folder, 'tasks')],
    logFormat: 'auto',
    defaults: { timeZone: 'UTC' },
  });
});

test.each(['run-plan.yaml', '.run-planrc.yaml', '.config/run-plan.yaml'])(
  '%s is found upwards, its paths are its own',
  async (name) => {
    await mkdir(join(folder, '.config'), { recursive: true });
    await writeFile(
      join(folder, name),
      'plans: operations\ntasks: [own, /srv/tasks]\nstate: { env: STATE }\nmetrics: { folder: collected }\ndefaults: { timeout: 6h, stall-timeout: 10m, time-zone: Europe/Berlin }\n',
    );
    const { settings, problems } = await loadSettings(join(folder, 'deep/er'), { STATE: 'state' });
    const base = name.startsWith('.config') ? join(folder, '.config') : folder;
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({
      file: join(folder, name),
      plansFolder: join(base, 'operations'),
      taskFolders: [join(base, 'own'), '/srv/tasks'],
      stateFolder: join(base, 'state'),
      metricsFolder: join(base, 'collected'),
      defaults: { timeoutMs: 6 * 3_600_000, stallTimeoutMs: 600_000, timeZone: 'Europe/Berlin' },
    });
  },
);

test('mistakes are problems at their place, by the reader of plans', async () => {
  await writeFile(
    join(folder, 'run-plan.yaml'),
    'plnas: operations\nlog-format: loud\ndefaults:\n  timeout: 6 hours\n  time-zone: Mars/Base\nstate: { env: STATE }\n',
  );
  const { problems } = await loadSettings(folder, { STATE: '/x' });
  expect(problems.map(({ file, line, column, rule }) => [file, line, column, rule].join(':')).sort()).toEqual(
    [
      'run-plan.yaml:1:1:unknown-key',
      'run-plan.yaml:2:13:bad-value',
      'run-plan.yaml:4:12:bad-duration',
      'run-plan.yaml:5:14:bad-time-zone',
    ],
  );
  await writeFile(join(folder, 'run-plan.yaml'), 'plans: a\nplans: b\n');
  expect((await loadSettings(folder, {})).problems).toMatchObject([{ rule: 'duplicate-key', line: 2 }]);
});

test('a file that the operator names must exist', async () => {
  await expect(loadSettings(folder, {}, 'other.yaml')).rejects.toMatchObject({ code: 'usage', exitCode: 2 });
});

test('a variable that is not set is told before anything runs', async () => {
  await writeFile(join(folder, 'run-plan.yaml'), 'state: { env: STATE }\n');
  await expect(loadSettings(folder, {})).rejects.toMatchObject({
    code: 'variable-missing',
    where: 'run-plan.yaml:1:8',
  });
});
