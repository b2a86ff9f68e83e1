import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createWorkspace, nightlyPlan, type Workspace } from './workspace.ts';

let workspace: Workspace;

beforeEach(async () => {
  workspace = await createWorkspace();
  await workspace.write(
    'plans/environments.yaml',
    `environments:\n  prod:\n    postgres: { host: db.internal, database: cleaning, user: backup }\n    repository: { folder: ${workspace.repositoryFolder} }\n`,
  );
  await workspace.write('plans/nightly.yaml', `${nightlyPlan}time-zone: Europe/Berlin\n`);
});
afterEach(() => workspace.remove());

test('without systemd the timers of the schedules are told, what is not installed, and why nobody knows more', async () => {
  const root = join(workspace.folder, 'image');
  const told = await workspace.run(['timers', '--root', root]);
  expect(told.code, told.text).toBe(0);
  expect(told.stdout).toMatch(/^nightly +in .* CES?T +- +- +never +- +install: run-plan diff tells$/m);
  expect(told.stdout).toContain('are of a host that does not run');
  expect((await workspace.run(['timers', '--root', root, '--check'])).code).toBe(22);

  const one = await workspace.run(['timers', 'nightly', '--root', root]);
  expect(one.stdout).toContain('  schedule   *-*-* 02:00:00 UTC: every day at 02:00 UTC\n');
  expect(one.stdout.match(/in \d.* \(\d{4}-\d\d-\d\d (03:00 CET|04:00 CEST)\)$/gm)).toHaveLength(5);

  const data = await workspace.run(['timers', '--root', root, '--json']);
  expect(JSON.parse(data.stdout)).toMatchObject({
    folder: join(root, 'etc/systemd/system'),
    timers: [{ plan: 'nightly', nextElapseAt: null, timer: null, result: 'never', needsAttention: true }],
    orphans: [],
  });
});

test('diff shows what a schedule changes among the units, and apply does it: installed, changed, removed, once', async () => {
  const root = join(workspace.folder, 'image');
  const folder = join(root, 'etc/systemd/system');
  await workspace.write('plans/weekly.yaml', `${nightlyPlan}time-zone: Europe/Berlin\n`);
  const timers = async (): Promise<string[]> =>
    (await readdir(folder)).filter((name) => name.endsWith('.timer')).sort();

  const shown = await workspace.run(['diff', '--root', root]);
  expect(shown.code, shown.text).toBe(22);
  expect(shown.stdout).toContain('+ install run-plan@nightly.timer');
  expect((await workspace.run(['apply', '--root', root])).code).toBe(0);
  expect(await timers()).toEqual(['run-plan@nightly.timer', 'run-plan@weekly.timer']);
  expect((await workspace.run(['diff', '--root', root])).code).toBe(0);

  await workspace.write('plans/nightly.yaml', nightlyPlan.replace('02:00:00', '03:30:00'));
  await rm(join(workspace.folder, 'plans/weekly.yaml'));
  const changed = await workspace.run(['diff', '--root', root, '--json']);
  expect(changed.code).toBe(22);
  const units = (
    JSON.parse(changed.stdout) as { kind: string; changes: { action: string; path: string }[] }[]
  )
    .filter(({ kind }) => kind === 'units')
    .flatMap(({ changes }) => changes.map(({ action, path }) => `${action} ${path}`));
  expect(units).toContain('change run-plan@nightly.timer');
  expect(units).toContain('remove run-plan@weekly.timer');
  const unconfirmed = await workspace.run(['apply', '--root', root]);
  expect(unconfirmed.code).toBe(2);
  expect(unconfirmed.text).toContain("no plan 'weekly' has a schedule");
  expect(await timers()).toEqual(['run-plan@nightly.timer', 'run-plan@weekly.timer']);
  expect((await workspace.run(['apply', '--root', root, '--yes'])).code).toBe(0);
  expect(await timers()).toEqual(['run-plan@nightly.timer']);
  expect(await readFile(join(folder, 'run-plan@nightly.timer'), 'utf8')).toContain('03:30:00');
  expect((await workspace.run(['diff', '--root', root])).code).toBe(0);
});
