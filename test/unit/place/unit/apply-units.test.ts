import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Plan } from '../../../../src/language/plan/plan.ts';
import { applyUnits } from '../../../../src/place/unit/apply-units.ts';
import { compareUnits, type UnitChange } from '../../../../src/place/unit/comparison.ts';
import { installedUnits } from '../../../../src/place/unit/installed-units.ts';
import type { Systemctl, UnitState } from '../../../../src/place/unit/systemctl.ts';
import type { UnitFile } from '../../../../src/place/unit/unit-file.ts';
import { planOf, wantedFor } from './wanted.ts';

const timer = 'run-plan@nightly.timer';
const weekly: Partial<Plan> = { name: 'weekly', schedule: [{ calendar: 'weekly' }] };
let folder: string;
let wanted: readonly UnitFile[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-units-'));
  wanted = await wantedFor([planOf()]);
});
afterEach(() => rm(folder, { recursive: true }));

async function changes(
  units: readonly UnitFile[] = wanted,
  states?: ReadonlyMap<string, UnitState>,
  untouched: (plan: string | undefined) => boolean = () => false,
): Promise<readonly UnitChange[]> {
  const installed = await installedUnits(folder);
  return compareUnits({ wanted: units, installed, untouched, ...(states !== undefined && { states }) });
}

async function apply(units: readonly UnitFile[] = wanted, systemctl?: Systemctl): Promise<void> {
  const found = await changes(units);
  await applyUnits({ folder, changes: found, wanted: units, ...(systemctl !== undefined && { systemctl }) });
}

/** Notes what it is told, and fails at one word of it. */
function noting(calls: string[], failsAt?: string): Systemctl {
  return {
    states: () => Promise.resolve({ absent: 'never asked' }),
    run: (words) => {
      calls.push(words.join(' '));
      return words[0] === failsAt ? Promise.reject(new Error('cut off')) : Promise.resolve();
    },
  };
}

function state(changed: Partial<UnitState> = {}): ReadonlyMap<string, UnitState> {
  const nothing = {
    exitStatus: null,
    startedAt: null,
    endedAt: null,
    nextElapseAt: null,
    lastTriggerAt: null,
  };
  const whole = {
    name: timer,
    load: 'loaded',
    active: 'active',
    enabled: 'enabled',
    needsReload: false,
    result: 'success',
  };
  return new Map([[timer, { ...whole, ...nothing, ...changed }]]);
}

test('everything is laid, and then nothing differs', async () => {
  const calls: string[] = [];
  await apply(wanted, noting(calls));
  expect(calls).toEqual(['daemon-reload', `start -- ${timer}`]);
  expect(await changes()).toEqual([]);
  expect(await readlink(join(folder, 'timers.target.wants', timer))).toBe(`/etc/systemd/system/${timer}`);
  expect((await lstat(join(folder, timer))).mode & 0o777).toBe(0o644);
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('a changed plan changes its own units, and says which lines', async () => {
  await apply();
  const moved = await wantedFor([planOf({ schedule: [{ calendar: '03:00' }] })]);
  expect(await changes(moved)).toEqual([
    expect.objectContaining({
      action: 'change',
      path: timer,
      isForeign: false,
      lines: [
        '- # every day at 02:00 UTC',
        '- OnCalendar=*-*-* 02:00:00 UTC',
        '+ # every day at 03:00 UTC',
        '+ OnCalendar=03:00 UTC',
      ],
    }),
  ]);
});

test('the units of a plan that is gone are removed, its timer stopped first; those of others and of people stay', async () => {
  const both = await wantedFor([planOf(), planOf(weekly)]);
  await apply(both);
  await writeFile(join(folder, 'run-plan@weekly.service.d', 'override.conf'), '[Service]\nNice=0\n');
  await writeFile(join(folder, 'run-plan@mine.timer'), '[Timer]\nOnCalendar=daily\n');
  const calls: string[] = [];
  await apply(wanted, noting(calls));
  expect(calls).toEqual(['stop -- run-plan@weekly.timer', 'daemon-reload']);
  expect((await readdir(folder)).sort()).toEqual(
    [
      ...['run-plan-alert@.service', 'run-plan-alert@.service.d', 'run-plan-alert@nightly.service.d'],
      ...['run-plan@.service', 'run-plan@.service.d', 'run-plan@mine.timer', 'run-plan@nightly.service.d'],
      ...['run-plan@nightly.timer', 'run-plan@weekly.service.d', 'timers.target.wants'],
    ].sort(),
  );
  expect(await readdir(join(folder, 'run-plan@weekly.service.d'))).toEqual(['override.conf']);
  expect(await changes()).toEqual([]);
});

test('a plan that cannot be read now keeps its units', async () => {
  await apply(await wantedFor([planOf(), planOf(weekly)]));
  expect(await changes(wanted, undefined, (plan) => plan === 'weekly')).toEqual([]);
});

test.each(['stop', 'daemon-reload', 'start'])(
  'an apply that broke off at %s is finished by the next',
  async (word) => {
    await apply(await wantedFor([planOf(weekly)]));
    await expect(apply(wanted, noting([], word))).rejects.toThrow('cut off');
    const rest = await changes(wanted, state({ active: 'inactive' }));
    expect(rest.length).toBeGreaterThan(0);
    const calls: string[] = [];
    await applyUnits({ folder, changes: rest, wanted, systemctl: noting(calls) });
    expect(calls.slice(-2)).toEqual(['daemon-reload', `start -- ${timer}`]);
    expect(await changes(wanted, state())).toEqual([]);
  },
);

test.each([
  [{ active: 'inactive' }, 'the timer does not run'],
  [{ needsReload: true }, 'systemd has not read its newest text'],
])('a timer of which systemd says %o is a difference', async (changed, reason) => {
  await apply();
  expect(await changes(wanted, state(changed))).toEqual([
    expect.objectContaining({ action: 'start', path: timer, reason }),
  ]);
});

test('what somebody edited, wrote or masked is told as foreign', async () => {
  await apply();
  await writeFile(
    join(folder, timer),
    (await readFile(join(folder, timer), 'utf8')).replace('02:00', '04:00'),
  );
  expect(await changes()).toMatchObject([{ path: timer, isForeign: true, reason: 'somebody has edited it' }]);
  await writeFile(join(folder, timer), '[Timer]\nOnCalendar=daily\n');
  expect(await changes()).toMatchObject([
    { path: timer, isForeign: true, reason: 'run-plan did not write it' },
  ]);
  await rm(join(folder, timer));
  await symlink('/dev/null', join(folder, timer));
  expect(await changes()).toMatchObject([{ path: timer, isForeign: true, reason: 'somebody has masked it' }]);
});

test('a link to a timer that is gone is removed', async () => {
  await mkdir(join(folder, 'timers.target.wants'));
  await symlink(
    '/etc/systemd/system/run-plan@old.timer',
    join(folder, 'timers.target.wants', 'run-plan@old.timer'),
  );
  await symlink('/etc/systemd/system/other.timer', join(folder, 'timers.target.wants', 'other.timer'));
  expect(await changes([])).toMatchObject([
    { action: 'remove', path: 'timers.target.wants/run-plan@old.timer' },
  ]);
});

test('a folder that cannot be written is a failure that says what to do', async () => {
  await writeFile(join(folder, 'timers.target.wants'), '');
  await expect(apply()).rejects.toMatchObject({
    code: 'unit-folder',
    hint: expect.stringContaining('--user') as string,
  });
});
