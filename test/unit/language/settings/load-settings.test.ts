import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from '../../../../src/language/settings/load-settings.ts';
import { requireOwnFolder } from '../../../../src/language/settings/trust.ts';

let folder: string;
/** Variables of a user without settings. */
let nowhere: Readonly<Record<string, string>>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-settings-'));
  await mkdir(join(folder, 'deep/er'), { recursive: true });
  await mkdir(join(folder, '.git'));
  nowhere = { HOME: join(folder, 'home'), XDG_CONFIG_HOME: join(folder, 'xdg') };
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

describe('the search', () => {
  const write = async (path: string): Promise<string> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), 'plans: own\n');
    return join(folder, path);
  };
  const found = async (from: string, variables = nowhere): Promise<string | undefined> =>
    (await loadSettings(join(folder, from), variables)).settings.file;

  test('ends at the root of the repository', async () => {
    const above = await write('run-plan.yaml');
    expect(await found('deep/er')).toBe(above);
    await mkdir(join(folder, 'deep/.git'));
    expect(await found('deep/er')).toBeUndefined();
    expect(await found('deep')).toBeUndefined();
  });

  test('ends at the root of a worktree, whose .git is a file', async () => {
    await write('run-plan.yaml');
    await writeFile(join(folder, 'deep/.git'), 'gitdir: elsewhere\n');
    expect(await found('deep/er')).toBeUndefined();
  });

  test('ends at the home of the user, and looks there', async () => {
    await rm(join(folder, '.git'), { recursive: true });
    const above = await write('run-plan.yaml');
    await mkdir(join(folder, 'home/work'), { recursive: true });
    expect(await found('home/work')).toBeUndefined();
    expect(await found('home/work', { ...nowhere, HOME: folder })).toBe(above);
    expect(await found('home/work', { ...nowhere, HOME: `${folder}/` })).toBe(above);
  });

  test('stays in a working folder that is in no repository and not below home', async () => {
    await rm(join(folder, '.git'), { recursive: true });
    await write('run-plan.yaml');
    expect(await found('deep/er')).toBeUndefined();
    const own = await write('deep/er/run-plan.yaml');
    expect(await found('deep/er')).toBe(own);
  });

  test('goes on in the folder of settings of the user', async () => {
    const xdg = await write('xdg/run-plan/run-plan.yaml');
    expect(await found('deep/er')).toBe(xdg);
    const config = await write('home/.config/run-plan/run-plan.yaml');
    expect(await found('deep/er', { HOME: join(folder, 'home') })).toBe(config);
    const nearer = await write('run-plan.yaml');
    expect(await found('deep/er')).toBe(nearer);
  });

  test('is left out where RUN_PLAN_CONFIG names a file, and --config is above that', async () => {
    await write('run-plan.yaml');
    const other = await write('other.yaml');
    const named = { ...nowhere, RUN_PLAN_CONFIG: '../../other.yaml' };
    expect(await found('deep/er', named)).toBe(other);
    const third = await write('third.yaml');
    expect((await loadSettings(folder, named, 'third.yaml')).settings.file).toBe(third);
    await expect(loadSettings(folder, { RUN_PLAN_CONFIG: 'absent.yaml' })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('what others may write', () => {
  test.each([
    ['a file that everybody may write', 'run-plan.yaml', 0o666],
    ['a file that its group may write', 'run-plan.yaml', 0o664],
    ['a folder that everybody may write', '.', 0o777],
    ['a folder as /tmp is', '.', 0o1777],
  ])('is not taken for settings: %s', async (_, path, mode) => {
    await writeFile(join(folder, 'run-plan.yaml'), 'plans: own\n');
    const { uid } = await stat(folder);
    // A group with others in it; who may not give files away has only its own.
    if (uid === 0) await chown(join(folder, 'run-plan.yaml'), 0, 65_534);
    const isOwnGroup = uid !== 0 && mode === 0o664;
    await chmod(join(folder, path), mode);
    if (isOwnGroup) return;
    await expect(loadSettings(join(folder, 'deep/er'), nowhere)).rejects.toMatchObject({
      code: 'not-trusted',
      exitCode: 11,
      message: expect.stringContaining(join(folder, path)) as string,
      hint: expect.stringContaining('--config') as string,
    });
    // Whoever names a file vouches for it.
    const { settings } = await loadSettings(folder, nowhere, 'run-plan.yaml');
    expect(settings.plansFolder).toBe(join(folder, 'own'));
  });

  test.runIf(process.getuid?.() === 0)(
    'a file and a folder of another user are refused with its name',
    async () => {
      await writeFile(join(folder, 'run-plan.yaml'), 'plans: own\n');
      await chown(join(folder, 'run-plan.yaml'), 65_534, 65_534);
      await expect(loadSettings(folder, nowhere)).rejects.toMatchObject({
        code: 'not-trusted',
        message: expect.stringMatching(/belongs to nobody, and run-plan runs as root$/) as string,
      });
      await chown(join(folder, 'run-plan.yaml'), 0, 0);
      await chown(folder, 65_534, 65_534);
      await expect(loadSettings(folder, nowhere)).rejects.toMatchObject({ code: 'not-trusted' });
    },
  );

  test('a link leads to the file that counts', async () => {
    await mkdir(join(folder, 'open'));
    await writeFile(join(folder, 'open/run-plan.yaml'), 'plans: own\n');
    await chmod(join(folder, 'open'), 0o777);
    await symlink(join(folder, 'open/run-plan.yaml'), join(folder, 'run-plan.yaml'));
    await expect(loadSettings(folder, nowhere)).rejects.toMatchObject({ code: 'not-trusted' });
  });

  test('a link that leads to itself is told, and is no bug', async () => {
    await symlink('run-plan.yaml', join(folder, 'run-plan.yaml'));
    const { problems } = await loadSettings(folder, nowhere);
    expect(problems).toMatchObject([
      { rule: 'unreadable-file', message: expect.stringContaining('ELOOP') as string },
    ]);
  });

  test('neither a folder of plans nor one of tasks is read, with a file in it or as a whole', async () => {
    const plans = join(folder, 'plans');
    await mkdir(plans);
    await writeFile(join(plans, 'nightly.yaml'), '');
    requireOwnFolder(plans);
    requireOwnFolder(join(folder, 'absent'));
    await chmod(join(plans, 'nightly.yaml'), 0o666);
    expect(
      failureOf(() => {
        requireOwnFolder(plans);
      }),
    ).toMatchObject({
      code: 'not-trusted',
      message: expect.stringContaining('nightly.yaml is not used') as string,
    });
    await chmod(join(plans, 'nightly.yaml'), 0o644);
    await chmod(plans, 0o777);
    expect(
      failureOf(() => {
        requireOwnFolder(plans);
      }),
    ).toMatchObject({ code: 'not-trusted' });
  });
});

test('a named pipe or a device in place of settings is told, and is not waited for', async () => {
  const path = join(folder, 'run-plan.yaml');
  execFileSync('mkfifo', [path]);
  expect((await loadSettings(folder, nowhere)).problems).toMatchObject([{ rule: 'unreadable-file' }]);
  await expect(loadSettings(folder, nowhere, '/dev/zero')).rejects.toMatchObject({ code: 'usage' });
});

test('a home that is a symbolic link is the top of the search, too', async () => {
  const home = join(folder, 'real/home');
  await mkdir(join(home, 'work'), { recursive: true });
  await symlink(join(folder, 'real'), join(folder, 'link'));
  await writeFile(join(home, 'run-plan.yaml'), 'plans: p\n');
  await rm(join(folder, '.git'), { recursive: true });
  const { settings } = await loadSettings(join(home, 'work'), { HOME: join(folder, 'link/home') });
  expect(settings.file).toBe(join(home, 'run-plan.yaml'));
});

function failureOf(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
