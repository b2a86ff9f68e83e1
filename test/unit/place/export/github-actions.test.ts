import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exportGitHubActions } from '../../../../src/place/export/github-actions.ts';
import type { ExportedPlan } from '../../../../src/place/export/exported-plan.ts';
import { amazon, compatible, exportedOf, inFolder, season, settings, shapes } from './exported.ts';
import { createStage, type Stage } from './script.ts';
import { workflowErrors } from './workflow-errors.ts';

interface WorkflowStep {
  readonly name: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: {
    readonly schedule?: readonly object[];
    readonly workflow_dispatch: { readonly inputs: object } | null;
  };
  readonly permissions: object;
  readonly concurrency: object;
  readonly jobs: {
    readonly run: {
      readonly 'timeout-minutes': number;
      readonly permissions: object;
      readonly steps: readonly WorkflowStep[];
    };
  };
}

const bash = ['bash', '--noprofile', '--norc', '-c'] as const;

function textOf(exported: ExportedPlan, more = {}): string {
  const { files, obstacles } = exportGitHubActions([exported], {
    ...settings,
    runner: 'ubuntu-24.04',
    ...more,
  });
  expect(obstacles).toEqual([]);
  return files[0]?.text ?? '';
}

function workflowOf(exported: ExportedPlan, more = {}): Workflow {
  return parse(textOf(exported, more)) as Workflow;
}

function stepOf(workflow: Workflow, name: RegExp): WorkflowStep {
  const step = workflow.jobs.run.steps.find((each) => name.test(each.name));
  if (step === undefined) throw new Error(`no step ${String(name)}`);
  return step;
}

describe('a workflow', () => {
  it.each(shapes)("of %s is one by GitHub's own parser", async (_, exported) => {
    const text = textOf(exported);
    expect(await workflowErrors(text)).toEqual([]);
    // The parser is no yes-man.
    expect(await workflowErrors(text.replace('runs-on:', 'run-on:'))).not.toEqual([]);
    expect(await workflowErrors(text.replace('secrets.', 'secretz.'))).not.toEqual([]);
  });

  it('in a container installs nothing', async () => {
    const text = textOf(exportedOf(), { image: 'registry.example/run-plan:0.1.0' });
    expect(await workflowErrors(text)).toEqual([]);
    expect(text).toContain('image: registry.example/run-plan:0.1.0');
    expect(text).not.toMatch(/apt-get|setup-node/);
  });

  it('runs one at a time within its limits, may do nothing but read, and gets a role only for Amazon S3', () => {
    const workflow = workflowOf(exportedOf({ timeoutMs: 7_200_000 }));
    expect(workflow.concurrency).toEqual({ group: 'run-plan-nightly', 'cancel-in-progress': false });
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs.run['timeout-minutes']).toBeGreaterThan(120);
    expect(workflow.jobs.run.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    expect(stepOf(workflow, /role in AWS/).with).toMatchObject({
      'role-to-assume': '${{ vars.AWS_ROLE_ARN }}',
      'aws-region': 'eu-central-1',
    });
    const other = workflowOf(exportedOf({}, [compatible(true)]));
    expect(other.jobs.run.permissions).toEqual({ contents: 'read' });
    expect(other.jobs.run.steps.map(({ name }) => name)).not.toContain('Assume the role in AWS');
  });

  it('pins every action to a commit, and keeps the evidence of a failed run too', () => {
    const text = textOf(exportedOf());
    const { steps } = (parse(text) as Workflow).jobs.run;
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used).toHaveLength(4);
    expect(used.filter((uses) => !/^[\w-]+\/[\w-]+@[\da-f]{40}$/.test(uses))).toEqual([]);
    expect(text.match(/uses: \S+@[\da-f]{40} # v\d+\.\d+\.\d+\n/g)).toHaveLength(4);
    expect(steps.at(-1)).toMatchObject({ if: 'always()' });
  });

  it('names the time zone where it is not UTC, and tells of clock changes', () => {
    const text = textOf(
      exportedOf({ timeZone: 'Europe/Berlin', schedule: [{ calendar: '*-*-* 02:30:00' }] }),
    );
    expect((parse(text) as Workflow).on.schedule).toEqual([
      { cron: '30 2 * * *', timezone: 'Europe/Berlin' },
    ]);
    expect(text).toContain('# Clocks change in Europe/Berlin');
    expect(textOf(exportedOf({ schedule: [{ calendar: 'daily' }] }))).not.toMatch(/Clocks|timezone/);
  });

  it("takes the plan's parameters, and a typed name for a protected environment", () => {
    const parameters = [{ name: 'artifact', default: 'latest', description: 'which' }, { name: 'target' }];
    const workflow = workflowOf(exportedOf({ parameters, schedule: [] }, [amazon], { confirms: 'prod' }));
    expect(workflow.on.schedule).toBeUndefined();
    expect(workflow.on.workflow_dispatch?.inputs).toMatchObject({
      artifact: { type: 'string', default: 'latest', description: 'which' },
      target: { type: 'string', required: true },
      'confirmed-environment': { required: true },
    });
  });
});

describe('what GitHub cannot do', () => {
  it.each([
    ['a folder', exportedOf({}, [inFolder]), 'the folder /var/backups/clean lies on one host'],
    ['every minute', exportedOf({ schedule: [{ calendar: 'minutely' }] }), 'it runs every 1m'],
    ['half a minute', exportedOf({ schedule: [{ calendar: '*-*-* 02:00:30' }] }), 'knows only minutes'],
    ['a name to type, at night', exportedOf({}, [amazon], { confirms: 'prod' }), 'nobody is there'],
    ['two identities', exportedOf({}, [amazon, compatible(false)]), 'only one identity'],
    [
      'one line in two zones',
      exportedOf({ schedule: [season, { ...season, calendar: '*-*-* 00/6:00:00 Asia/Tokyo' }] }),
      'in two time zones',
    ],
  ])('%s is an obstacle with a way out', (_, exported, message) => {
    const { obstacles } = exportGitHubActions([exported], { ...settings, runner: 'ubuntu-24.04' });
    expect(obstacles).toHaveLength(1);
    expect(obstacles[0]?.message).toContain(message);
    expect(obstacles[0]?.hint).not.toBe('');
  });
});

describe('the scripts of a workflow', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await createStage();
    await stage.program('run-plan', 'exit "${RUN_PLAN_EXIT:-0}"');
  });
  afterEach(() => stage.remove());

  const [, withParameters] = shapes[2] ?? [];
  if (withParameters === undefined) throw new Error('no shape');

  it.each([
    ['schedule', '0 2 * * *', 'run-plan|run|nightly|'],
    ['schedule', '0 */6 * 1,11,12 *', 'run-plan|run|nightly|--if-due|0 */6 * 1,11,12 * UTC|'],
    ['workflow_dispatch', '', 'run-plan|run|nightly|--set|artifact=a $(b) "c"|--set|target-name=it\'s|'],
  ])('run the plan on a %s event of %j', async (event, fired, call) => {
    const { run = '' } = stepOf(workflowOf(withParameters), /^Run /);
    const told = await stage.run(bash, run, {
      GITHUB_EVENT_NAME: event,
      FIRED_BY: fired,
      SET_ARTIFACT: 'a $(b) "c"',
      SET_TARGET_NAME: "it's",
    });
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(await stage.calls()).toEqual([call]);
  });

  it('hand the typed name on, and fail as the run does', async () => {
    const exported = exportedOf({ schedule: [] }, [amazon], { confirms: 'prod' });
    const { run = '' } = stepOf(workflowOf(exported), /^Run /);
    const variables = { GITHUB_EVENT_NAME: 'workflow_dispatch', CONFIRMED: 'prod', RUN_PLAN_EXIT: '21' };
    expect((await stage.run(bash, run, variables)).code).toBe(21);
    expect(await stage.calls()).toEqual(['run-plan|run|nightly|--yes|prod|']);
  });

  it('lay credentials as files that nobody else reads', async () => {
    const { run = '', env } = stepOf(workflowOf(exportedOf()), /credentials/);
    expect(env).toEqual({ CREDENTIAL_AGE_IDENTITY: '${{ secrets.CREDENTIAL_AGE_IDENTITY }}' });
    const github = join(stage.folder, 'github-env');
    const value = 'AGE-SECRET-KEY-1\n$HOME `x` %s\n';
    const variables = { RUNNER_TEMP: stage.folder, GITHUB_ENV: github, CREDENTIAL_AGE_IDENTITY: value };
    expect(await stage.run(bash, run, variables)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const file = join(stage.folder, 'credentials', 'age-identity');
    expect(await readFile(file, 'utf8')).toBe(value);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(github, 'utf8')).toBe(`CREDENTIALS_DIRECTORY=${stage.folder}/credentials\n`);
  });

  it.each([
    ['as root', '0', 'env|DEBIAN_FRONTEND=noninteractive|apt-get|'],
    ['as anybody else', '1001', 'sudo|env|DEBIAN_FRONTEND=noninteractive|apt-get|'],
  ])('install, %s, what is missing', async (_, user, prefix) => {
    await stage.program('id', `echo ${user}`);
    for (const name of ['sudo', 'env', 'apt-get', 'npm']) await stage.program(name, 'exit 0');
    const { run = '' } = stepOf(workflowOf(exportedOf(), { postgresMajor: 99 }), /Install/);
    expect(await stage.run(bash, run)).toMatchObject({ code: 0, stderr: '' });
    const calls = await stage.calls();
    expect(calls.find((call) => call.includes('postgresql-client-99'))).toMatch(
      new RegExp(
        `^${prefix.replaceAll('|', '\\|')}install\\|-qq\\|--no-install-recommends\\|postgresql-client-99\\|`,
      ),
    );
    expect(calls.at(-1)).toBe('npm|install|--global|--no-audit|--no-fund|run-plan@0.1.0|');
  });

  it('install servers that start none of their own for a throw-away cluster', async () => {
    const [, exported] = shapes[3] ?? [];
    if (exported === undefined) throw new Error('no shape');
    await stage.program('id', 'echo 0');
    for (const name of ['apt-get', 'npm', 'env']) await stage.program(name, 'exit 0');
    const { run = '' } = stepOf(workflowOf(exported, { postgresMajor: 99 }), /Install/);
    expect(await stage.run(bash, run)).toMatchObject({ code: 0 });
    const calls = await stage.calls();
    const tee = calls.findIndex((call) => call.includes('createcluster.conf'));
    const server = calls.findIndex((call) => call.includes('|postgresql-99|'));
    expect(tee).toBeGreaterThan(-1);
    expect(server).toBeGreaterThan(tee);
  });

  it('install nothing where a step of the installation fails', async () => {
    await stage.program('id', 'echo 0');
    await stage.program('env', 'exit 100');
    await stage.program('npm', 'exit 0');
    const { run = '' } = stepOf(workflowOf(exportedOf(), { postgresMajor: 99 }), /Install/);
    expect((await stage.run(bash, run)).code).toBe(100);
    expect((await stage.calls()).filter((call) => call.startsWith('npm'))).toEqual([]);
  });
});
