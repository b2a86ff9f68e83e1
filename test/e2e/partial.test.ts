import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createProduction, type Production } from './production.ts';
import { secretVariables, type Told } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
let production: Production;
/** The whole artifact, and the partial one that was made after it. */
let whole: string;
let partial: string;
let made: Told;

const plan = (more: string): string =>
  `description: Dumps\nenvironment: prod\nobjectives: { rpo: 24h }\ntimeout: 5m\nretention: { keep-last: 1, keep-at-least: 1 }\nsteps:\n  - task: postgres-dump\n${more}  - task: artifact-verify\n  - task: artifact-prune\n`;

function run(...words: readonly string[]): Promise<Told> {
  return production.workspace.run(words, variables);
}

async function json<Shape>(...words: readonly string[]): Promise<Shape> {
  return JSON.parse((await run(...words, '--json')).stdout) as Shape;
}

beforeAll(async () => {
  production = await createProduction(
    services,
    `create schema audit; create table audit.log as select generate_series(1, 9) n;
     create table orders as select generate_series(1, 4) n`,
    { others: '  scratch:\n    postgres: { ephemeral: true }\n' },
  );
  await production.workspace.write('plans/nightly.yaml', plan(''));
  await production.workspace.write(
    'plans/small.yaml',
    plan('    with: { exclude: { data: ["audit.*"] } }\n'),
  );
  const first = await run('nightly');
  expect(first.code, first.text).toBe(0);
  made = await run('small');
  expect(made.code, made.text).toBe(0);
  const artifacts = await json<{ name: string; partial: string | null }[]>('artifacts');
  partial = artifacts.find((artifact) => artifact.partial !== null)?.name ?? '';
  whole = artifacts.find((artifact) => artifact.partial === null)?.name ?? '';
});

afterAll(() => production.remove());

test('a run says that what it made is partial, and prunes no whole one for it', () => {
  expect(made.text).toContain(
    `${partial} is partial, counts for no RPO and is not what latest means: without the rows of audit.* (1 table)`,
  );
  expect(whole).not.toBe('');
});

test('show and dry runs say it before', async () => {
  for (const words of [
    ['show', 'small'],
    ['small', '--dry-run'],
  ]) {
    const { stdout } = await run(...words);
    expect(stdout).toContain('--exclude-table-data="audit".*');
    expect(stdout).toContain('the artifact is partial');
  }
});

test('listings name it', async () => {
  const words = 'verified, partial: without the rows of audit.* (1 table)';
  expect((await run('artifacts')).stdout).toContain(words);
  expect((await run('restore', '--list')).stdout).toContain(words);
});

test('status counts the whole one and says why the newer one does not count', async () => {
  const { stdout } = await run('status', '--check');
  expect(stdout).toMatch(new RegExp(`small .*fresh .*${whole}`));
  expect(stdout).toContain(
    `small: ${partial} does not count: partial: without the rows of audit.* (1 table)`,
  );
});

test('restore takes the whole one and tells of the other, which latest-partial means', async () => {
  const usual = await run('restore', '--from', 'prod', '--to', 'scratch', '--dry-run', '--yes');
  expect(usual.code, usual.text).toBe(0);
  expect(usual.stdout).toContain(`${whole} of prod`);
  expect(usual.stdout).toContain(`newer than ${whole} and passed over: ${partial}`);
  const other = await json<{ artifact: string; artifactPartial: string }>(
    ...['restore', '--from', 'prod', '--to', 'scratch', '--dry-run', '--yes'],
    ...['--artifact', 'latest-partial'],
  );
  expect(other).toMatchObject({
    artifact: partial,
    artifactPartial: 'without the rows of audit.* (1 table)',
  });
});

test('a drill of it passes, and its evidence says what it is', async () => {
  await production.workspace.write(
    'plans/drill.yaml',
    `environment: scratch\nobjectives: { rto: 1h, rpo: 24h }\ntimeout: 5m\nsteps:\n  - task: postgres-restore\n    with: { from: prod, artifact: latest-partial }\n  - task: restore-compare\n`,
  );
  const told = await run('drill');
  expect(told.code, told.text).toBe(0);
  expect((await run('report', 'drill')).stdout).toContain(`${partial} (partial)`);
  const [{ runId } = { runId: '' }] = await json<{ runId: string }[]>('report', 'drill');
  expect((await run('report', 'drill', '--run', runId)).stdout).toContain(
    `${partial} (partial) was restored`,
  );
  const [drilled] = (await json<{ name: string; drilledAt: string | null }[]>('artifacts')).filter(
    ({ name }) => name === whole,
  );
  expect(drilled?.drilledAt).toBeNull();
});

test('a mistyped pattern is a problem of the plan, at its place', async () => {
  await production.workspace.write(
    'plans/typo.yaml',
    plan('    with: { exclude: { data: ["audit"] }, only: { schemas: [a], tables: [a.b] } }\n'),
  );
  const { code, text } = await run('validate', 'typo');
  expect(code).toBe(10);
  expect(text).toMatch(/typo\.yaml:8:\d+/);
  await production.workspace.write('plans/typo.yaml', plan(''));
});
