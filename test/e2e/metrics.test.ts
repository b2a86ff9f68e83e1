import { chmod, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { TestDatabase } from '../services/database.ts';
import { createProduction, type Production } from './production.ts';
import { nightlyPlan, secretVariables, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
let production: Production;
let workspace: Workspace;
let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  production = await createProduction(services, 'create table orders as select generate_series(1, 500) as n');
  ({ workspace, database } = production);
  folder = join(workspace.folder, 'collected');
  await mkdir(folder);
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
  const settings = await readFile(join(workspace.folder, 'run-plan.yaml'), 'utf8');
  await workspace.write(
    'run-plan.yaml',
    `${settings}metrics: { folder: { env: METRICS, default: collected } }\n`,
  );
});

afterEach(() => production.remove());

async function collected(): Promise<string> {
  return readFile(join(folder, 'run-plan-nightly-prod.prom'), 'utf8');
}

/** Value of a metric whose labels contain a text. */
function valueOf(text: string, name: string, labels = ''): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name}{`) && each.includes(labels));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ')));
}

test('a run leaves its metrics, a failed one too, and a folder that cannot be written is a warning alone', async () => {
  const good = await workspace.run(['nightly-prod'], variables);
  expect(good.code, good.text).toBe(0);
  expect(good.text).not.toContain('warning');
  const text = await collected();
  expect(valueOf(text, 'run_plan_last_run_exit_code')).toBe(0);
  expect(valueOf(text, 'run_plan_runs_total', 'outcome="succeeded"')).toBe(1);
  expect(valueOf(text, 'run_plan_artifact_verified', `database="${database.name}"`)).toBe(1);
  expect(valueOf(text, 'run_plan_rpo_seconds')).toBe(86_400);
  expect(valueOf(text, 'run_plan_rpo_ratio')).toBeLessThan(0.1);
  expect(valueOf(text, 'run_plan_artifact_bytes')).toBeGreaterThan(100);
  expect(valueOf(text, 'run_plan_next_run_timestamp_seconds')).toBeGreaterThan(Date.now() / 1000 - 60);
  const success = valueOf(text, 'run_plan_last_success_timestamp_seconds');

  const bad = await workspace.run(['nightly-prod'], { ...variables, TEST_PGPASSWORD: 'wrong' });
  expect(bad.code, bad.text).toBe(20);
  const after = await collected();
  expect(valueOf(after, 'run_plan_last_run_exit_code')).toBe(20);
  expect(valueOf(after, 'run_plan_runs_total', 'outcome="failed"')).toBe(1);
  expect(valueOf(after, 'run_plan_last_success_timestamp_seconds')).toBe(success);
  expect(await readdir(folder)).toEqual(['run-plan-nightly-prod.prom']);

  const nowhere = await workspace.run(['nightly-prod'], { ...variables, METRICS: '/no/such' });
  expect(nowhere.code, nowhere.text).toBe(0);
  expect(nowhere.stderr).toContain(
    'warning: the metrics cannot be written to /no/such/run-plan-nightly-prod.prom: ENOENT',
  );
});

test('the command measures all plans by the repositories, one that is gone and a plan with errors among them', async () => {
  await workspace.run(['nightly-prod'], variables);
  await workspace.write('plans/broken.yaml', 'environment: prod\nstep: []\n');
  await rm(folder, { recursive: true });
  const printed = await workspace.run(['metrics'], variables);
  expect(printed.code, printed.text).toBe(0);
  expect(valueOf(printed.stdout, 'run_plan_valid', 'plan="broken"')).toBe(0);
  expect(valueOf(printed.stdout, 'run_plan_valid', 'plan="nightly-prod"')).toBe(1);
  expect(valueOf(printed.stdout, 'run_plan_artifacts', 'state="verified"')).toBe(1);

  await workspace.write('out.prom', 'old');
  const written = await workspace.run(['metrics', 'nightly-prod', '--output', 'out.prom'], variables);
  expect(written.code, written.text).toBe(0);
  expect(written.stdout).toBe('');
  expect(await readFile(join(workspace.folder, 'out.prom'), 'utf8')).not.toContain('broken');

  await rm(workspace.repositoryFolder, { recursive: true });
  await workspace.write('repository', 'a file');
  const gone = await workspace.run(['metrics', '--json'], variables);
  expect(gone.code, gone.text).toBe(0);
  expect(JSON.parse(gone.stdout)).toContainEqual({
    name: 'run_plan_repository_up',
    labels: { plan: 'nightly-prod', environment: 'prod' },
    value: 0,
  });
});

test('the file of a plan that is gone is shown by diff and removed by apply, and no other', async () => {
  await workspace.write(
    'plans/old.yaml',
    'environment: prod\ntimeout: 5m\nsteps: [{ run: "true", cwd: . }]\n',
  );
  for (const plan of ['nightly-prod', 'old']) {
    const told = await workspace.run([plan], variables);
    expect(told.code, told.text).toBe(0);
  }
  const written = await readFile(join(folder, 'run-plan-old.prom'), 'utf8');
  // Of another folder of plans, of somebody else, and of an account that copies.
  await workspace.write('collected/run-plan-elsewhere.prom', written.replaceAll('"old"', '"elsewhere"'));
  await workspace.write('collected/run-plan-mine.prom', '# HELP mine Mine.\n');
  await workspace.write('collected/run-plan-copy.prom', written);
  // The host that runs the tests keeps its units.
  await workspace.write('bin/systemctl', '#!/bin/sh\nexit 1\n');
  await chmod(join(workspace.folder, 'bin/systemctl'), 0o755);
  const path = `${join(workspace.folder, 'bin')}:${process.env['PATH'] ?? ''}`;
  const here = { ...variables, PATH: path };
  const others = ['copy', 'elsewhere', 'mine', 'nightly-prod'].map((name) => `run-plan-${name}.prom`);

  await workspace.write('plans/old.yaml', 'environment: [\n');
  const broken = await workspace.run(['apply', '--yes'], here);
  expect(broken.code, broken.text).toBe(0);
  expect((await readdir(folder)).sort()).toEqual([...others, 'run-plan-old.prom']);

  await rm(join(workspace.folder, 'plans/old.yaml'));
  const shown = await workspace.run(['diff', '--json'], here);
  expect(shown.code, shown.text).toBe(22);
  expect((JSON.parse(shown.stdout) as { kind: string }[]).filter(({ kind }) => kind === 'metrics')).toEqual([
    {
      kind: 'metrics',
      folder,
      changes: [{ action: 'remove', path: join(folder, 'run-plan-old.prom'), plan: 'old' }],
    },
  ]);
  const applied = await workspace.run(['apply', '--yes'], here);
  expect(applied.code, applied.text).toBe(0);
  expect(applied.stdout).toMatch(
    /metrics in .*: 1 file of plans that are gone\n- remove .*run-plan-old\.prom: /,
  );
  expect((await readdir(folder)).sort()).toEqual(others);
});
