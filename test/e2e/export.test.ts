import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { schedulers } from '../../src/place/export/schedulers.ts';
import { createBucket, emptyAndRemoveBucket } from '../services/bucket.ts';
import { createProduction, type Production } from './production.ts';
import { nightlyPlan, s3Yaml, secretVariables, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
const launcher = fileURLToPath(new URL('../../bin/run-plan.cjs', import.meta.url));
const kinds = schedulers.map(({ name }) => name);
let production: Production;
let workspace: Workspace;
let bucket: string;

beforeEach(async () => {
  bucket = await createBucket(services);
  production = await createProduction(
    services,
    'create table bookings as select generate_series(1, 50) as id',
    { repository: `{ s3: ${s3Yaml(services, bucket)} }` },
  );
  ({ workspace } = production);
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
});

afterEach(async () => {
  await production.remove();
  await emptyAndRemoveBucket(services, bucket);
});

/** Runs what a scheduler would run, with what a scheduler gives and nothing of ours. */
function execute(
  [program, ...words]: readonly [string, ...string[]],
  folder: string,
  given: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly text: string }> {
  const env = {
    PATH: `${join(workspace.folder, 'programs')}:/usr/local/bin:/usr/bin:/bin`,
    HOME: folder,
    ...given,
  };
  return new Promise((resolve) => {
    execFile(program, words, { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
  });
}

/** A `run-plan` as an installation has it. */
async function install(): Promise<void> {
  const path = join(workspace.folder, 'programs', 'run-plan');
  await workspace.write('programs/run-plan', `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
  await chmod(path, 0o755);
}

async function verifiedArtifacts(): Promise<number> {
  const { stdout } = await workspace.run(['artifacts', '--json'], variables);
  return stdout.match(/"verifiedAt": "/g)?.length ?? 0;
}

test('a line of the crontab makes a backup in silence, and prints a failure', async () => {
  const { stdout } = await workspace.run(['export', 'cron']);
  const line = stdout.split('\n').find((each) => each.startsWith('0 2 * * * '));
  const command = (line ?? '').slice('0 2 * * * '.length).replaceAll('\\%', '%');
  const settings = Object.entries(variables).map(([name, value]) => `${name}='${value}'\n`);
  await workspace.write('environment', settings.join(''));
  expect(await execute(['sh', '-c', command], '/', {})).toEqual({ code: 0, text: '' });
  expect(await verifiedArtifacts()).toBe(1);
  const wrong = settings.map((each) => each.replace(/^(TEST_PGPASSWORD=').*'/, "$1not-the-password'"));
  await workspace.write('environment', wrong.join(''));
  const failed = await execute(['sh', '-c', command], '/', {});
  expect(failed.code).not.toBe(0);
  expect(failed.text).toContain('nightly-prod');
  expect(failed.text).not.toContain('not-the-password');
});

test('the steps of a workflow run the plan and leave its evidence where they collect it', async () => {
  await install();
  const { stdout } = await workspace.run(['export', 'github-actions']);
  const { jobs } = parse(stdout) as {
    readonly jobs: {
      readonly run: {
        readonly steps: readonly {
          readonly name: string;
          readonly run?: string;
          readonly env?: Record<string, string>;
        }[];
      };
    };
  };
  const temporary = join(workspace.folder, 'runner');
  const given = (env: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        value
          .replace('${{ runner.temp }}', temporary)
          .replace(/\$\{\{ secrets\.(\w+) \}\}/, (_, secret: string) => variables[secret] ?? ''),
      ]),
    );
  for (const name of ['Run nightly-prod', 'Tell the outcome']) {
    const step = jobs.run.steps.find((each) => each.name === name);
    const told = await execute(['bash', '--noprofile', '--norc', '-c', step?.run ?? ''], workspace.folder, {
      ...given(step?.env),
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_NAME: 'schedule',
      GITHUB_STEP_SUMMARY: join(workspace.folder, 'summary'),
    });
    expect(told, told.text).toMatchObject({ code: 0 });
  }
  expect(await verifiedArtifacts()).toBe(1);
  expect(await readdir(join(temporary, 'run-plan', 'runs', 'nightly-prod'))).toHaveLength(1);
  expect(await readFile(join(workspace.folder, 'summary'), 'utf8')).toMatch(/nightly-prod.*succeeded/s);
});

test('a pod with the files of the ConfigMap runs the plan', async () => {
  const { stdout } = await workspace.run(['export', 'kubernetes']);
  interface Manifest {
    readonly kind: string;
    readonly data: Readonly<Record<string, string>>;
    readonly spec: { readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: Pod } } } };
  }
  interface Pod {
    readonly containers: readonly [{ readonly args: readonly string[] }];
    readonly volumes: readonly [
      { readonly configMap: { readonly items: readonly { readonly key: string; readonly path: string }[] } },
    ];
  }
  const manifests = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  const files = manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {};
  const pod = manifests.find(({ kind }) => kind === 'CronJob')?.spec.jobTemplate.spec.template.spec;
  const folder = join(workspace.folder, 'pod');
  for (const { key, path } of pod?.volumes[0].configMap.items ?? []) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), files[key] ?? '');
  }
  const state = join(workspace.folder, 'pod-state');
  const words = [process.execPath, launcher, ...(pod?.containers[0].args ?? [])] as const;
  const told = await execute([...words], folder, { ...variables, STATE_DIRECTORY: state });
  expect(told, told.text).toMatchObject({ code: 0 });
  expect(await verifiedArtifacts()).toBe(1);
});

test('no export holds a value of a secret, and each is the same twice', async () => {
  for (const kind of kinds) {
    const first = await workspace.run(['export', kind], variables);
    expect(first, first.text).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/^# Generated by run-plan export /);
    expect((await workspace.run(['export', kind])).stdout).toBe(first.stdout);
    for (const value of Object.values(variables)) expect(first.text).not.toContain(value);
  }
});

test('files are written into a folder; what somebody else wrote there, and what cannot be exported, is left alone', async () => {
  const output = join(workspace.folder, 'out');
  const words = ['export', 'buildkite', '--output', 'out'];
  expect(await workspace.run(words)).toMatchObject({ code: 0, stdout: 'out/run-plan-nightly-prod.yml\n' });
  expect(await workspace.run(words)).toMatchObject({ code: 0 });
  const file = join(output, 'run-plan-nightly-prod.yml');
  await writeFile(file, 'steps: []\n');
  expect(await workspace.run(words)).toMatchObject({ code: 2, stdout: '' });
  expect(await readFile(file, 'utf8')).toBe('steps: []\n');
  await workspace.write('plans/often.yaml', nightlyPlan.replace('*-*-* 02:00:00 UTC', '*:*:00/30'));
  const refused = await workspace.run(['export', 'cron', '--output', 'out']);
  expect(refused.code).toBe(10);
  expect(refused.stderr).toMatch(/plans\/often\.yaml .*only minutes/);
  expect(await readdir(output)).toEqual(['run-plan-nightly-prod.yml']);
});

test('a run that is not due says so and leaves nothing', async () => {
  const told = await workspace.run(['run', 'nightly-prod', '--if-due', '30 * * * * UTC'], variables);
  expect(told).toMatchObject({ code: 0 });
  expect(told.stdout).toContain('nightly-prod is not due');
  expect(await workspace.journals('nightly-prod')).toEqual([]);
});
