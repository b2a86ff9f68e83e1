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
  expect(told.stdout).toMatch(/^nightly +in .* +- +never +- +install: run-plan diff tells$/m);
  expect(told.stdout).toContain('are of a host that does not run');
  expect((await workspace.run(['timers', '--root', root, '--check'])).code).toBe(22);

  const one = await workspace.run(['timers', 'nightly', '--root', root]);
  expect(one.stdout).toContain('  schedule   *-*-* 02:00:00 UTC: every day at 02:00 UTC\n');
  expect(one.stdout.match(/T02:00:00Z {2}\d{4}-\d\d-\d\d 0[34]:00:00 Europe\/Berlin$/gm)).toHaveLength(5);

  const data = await workspace.run(['timers', '--root', root, '--json']);
  expect(JSON.parse(data.stdout)).toMatchObject({
    folder: join(root, 'etc/systemd/system'),
    timers: [{ plan: 'nightly', nextElapseAt: null, timer: null, result: 'never', needsAttention: true }],
    orphans: [],
  });
});
