import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exportBuildkite } from '../../../../src/place/export/buildkite.ts';
import type { ExportedPlan } from '../../../../src/place/export/exported-plan.ts';
import { amazon, compatible, exportedOf, inFolder, settings, shapes } from './exported.ts';
import { createStage, type Stage } from './script.ts';

/** Attributes of a command step by Buildkite's documentation; no package has its schema. */
const attributes = [
  ...[
    'agents',
    'allow_dependency_failure',
    'artifact_paths',
    'branches',
    'cancel_on_build_failing',
    'command',
  ],
  ...['commands', 'concurrency', 'concurrency_group', 'concurrency_method', 'depends_on', 'env', 'if', 'key'],
  ...[
    'label',
    'matrix',
    'notify',
    'parallelism',
    'plugins',
    'priority',
    'retry',
    'secrets',
    'skip',
    'soft_fail',
  ],
  'timeout_in_minutes',
];

interface PipelineStep {
  readonly command?: string;
  readonly secrets?: readonly string[];
  readonly plugins?: readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[];
  readonly [attribute: string]: unknown;
}

function textOf(exported: ExportedPlan, more = {}): string {
  const { files, obstacles } = exportBuildkite([exported], { ...settings, ...more });
  expect(obstacles).toEqual([]);
  return files[0]?.text ?? '';
}

function stepOf(exported: ExportedPlan, more = {}): PipelineStep {
  const { steps } = parse(textOf(exported, more)) as { readonly steps: readonly PipelineStep[] };
  expect(steps).toHaveLength(1);
  return steps[0] ?? {};
}

/** As `buildkite-agent pipeline upload` leaves a text: `$$` is a `$`, and a variable of the upload would be replaced. */
function uploaded(text: string): string {
  expect(text.replaceAll('$$', '')).not.toContain('$');
  return text.replaceAll('$$', '$');
}

describe('a pipeline', () => {
  it.each(shapes)('of %s is one command step of known attributes', (_, exported) => {
    const step = stepOf(exported);
    expect(Object.keys(step).filter((attribute) => !attributes.includes(attribute))).toEqual([]);
    expect(step).toMatchObject({
      concurrency: 1,
      concurrency_group: 'run-plan/nightly',
      soft_fail: false,
      retry: { automatic: false },
    });
    expect(step['timeout_in_minutes']).toBeGreaterThan(exported.plan.timeoutMs / 60_000);
    expect(step['artifact_paths']).toContain('.run-plan-state/evidence/**/*');
  });

  it('says how its schedule is created, for it cannot hold one', () => {
    const text = textOf(exportedOf({ timeZone: 'Europe/Berlin' }));
    expect(text).toContain('#   Cron interval: 0 2 * * * Europe/Berlin\n');
    expect(text).toContain('RUN_PLAN_IF_DUE=0 */6 * 1,11,12 * Europe/Berlin\n');
    expect(parse(text)).not.toHaveProperty('schedule');
  });

  it('assumes a role only for Amazon S3', () => {
    const [plugin] = stepOf(exportedOf(), { awsRole: 'arn:aws:iam::123456789012:role/backup' }).plugins ?? [];
    expect(plugin).toMatchObject({
      'aws-assume-role-with-web-identity#v1.4.0': {
        'role-arn': 'arn:aws:iam::123456789012:role/backup',
        region: 'eu-central-1',
      },
    });
    expect(stepOf(exportedOf({}, [compatible(true)])).plugins).toBeUndefined();
  });

  it('in a container hands every variable over by name', () => {
    const step = stepOf(exportedOf(), { image: 'run-plan:0.1.0' });
    expect(step.command).toBeUndefined();
    const docker = step.plugins?.at(-1)?.['docker#v5.13.0'];
    expect(docker).toMatchObject({ image: 'run-plan:0.1.0', entrypoint: '/bin/bash' });
    expect(docker?.['environment']).toEqual(
      expect.arrayContaining([...(step.secrets ?? []), 'DB_HOST', 'RUN_PLAN_IF_DUE']),
    );
  });

  it.each([
    ['a folder', exportedOf({}, [inFolder]), 'the folder /var/backups/clean'],
    ['every five minutes', exportedOf({ schedule: [{ calendar: '*:0/5' }] }), 'keeps no less than 10m'],
    ['a name to type, at night', exportedOf({}, [amazon], { confirms: 'prod' }), 'nobody is there'],
  ])('is refused %s', (_, exported, message) => {
    const { obstacles } = exportBuildkite([exported], settings);
    expect(obstacles.map((obstacle) => obstacle.message).join()).toContain(message);
  });
});

describe('the command of a pipeline', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await createStage();
    await stage.program('id', 'echo 0');
    for (const name of ['env', 'npm']) await stage.program(name, 'exit 0');
    await stage.program(
      'run-plan',
      'cat "$CREDENTIALS_DIRECTORY/age-identity" > seen; echo "$CREDENTIALS_DIRECTORY" > folder; echo "$STATE_DIRECTORY" > state',
    );
  });
  afterEach(() => stage.remove());

  it.each([
    ['on time', { RUN_PLAN_IF_DUE: '0 */6 * 1,11,12 * UTC' }, '--if-due|0 */6 * 1,11,12 * UTC|'],
    ['by hand', { SET_ARTIFACT: 'a "b" $c' }, '--set|artifact=a "b" $c|'],
  ])('runs the plan %s, and leaves no credential behind', async (_, variables, words) => {
    const exported = exportedOf({ parameters: [{ name: 'artifact', default: 'latest' }] });
    const script = uploaded(stepOf(exported, { postgresMajor: 99 }).command ?? '');
    const told = await stage.run(['bash', '--noprofile', '--norc', '-e', '-c'], script, {
      CREDENTIAL_AGE_IDENTITY: 'AGE-SECRET-KEY-1\n',
      TMPDIR: stage.folder,
      ...variables,
    });
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect((await stage.calls()).at(-1)).toBe(`run-plan|run|nightly|${words}`);
    expect(await readFile(join(stage.folder, 'seen'), 'utf8')).toBe('AGE-SECRET-KEY-1\n');
    expect(await readFile(join(stage.folder, 'state'), 'utf8')).toBe(`${stage.folder}/.run-plan-state\n`);
    const folder = (await readFile(join(stage.folder, 'folder'), 'utf8')).trim();
    await expect(readFile(join(folder, 'age-identity'))).rejects.toThrow('ENOENT');
  });
});
