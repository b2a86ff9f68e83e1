import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import type { TestDatabase } from '../services/database.ts';
import { createProduction, type Production } from './production.ts';
import { nightlyPlan, secretVariables, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
let production: Production;
let workspace: Workspace;
let database: TestDatabase;

beforeEach(async () => {
  production = await createProduction(
    services,
    'create table orders as select n from generate_series(1, 10) n',
  );
  ({ workspace, database } = production);
});

afterEach(() => production.remove());

const echoPlan = 'environment: prod\ntimeout: 5m\nsteps: [{ run: echo }]\n';

test("the runbook's variables alone back up a database", async () => {
  const own = fileURLToPath(new URL('../../plans/', import.meta.url));
  await cp(own, join(workspace.folder, 'plans'), { recursive: true, force: true });
  const told = await workspace.run(['nightly-env'], {
    POSTGRES_HOST: services.postgres.host,
    POSTGRES_PORT: String(services.postgres.port),
    POSTGRES_DB: database.name,
    POSTGRES_USER: services.postgres.user,
    POSTGRES_PASSWORD: services.postgres.password,
    BACKUP_DIR: workspace.repositoryFolder,
    RETENTION_DAYS: '30',
  });
  expect(told.code, told.text).toBe(0);
  expect(await workspace.artifactKeys()).toHaveLength(6);

  const shown = await workspace.run(['show', 'nightly-env'], {
    POSTGRES_DB: 'x',
    BACKUP_DIR: '/x',
    POSTGRES_PASSWORD: 'x',
    RETENTION_DAYS: '30',
  });
  expect(shown.text).toContain('everything within 30d');
});

test('a variable of the runbook that is missing is named with its place, exits 11 and leaves a record', async () => {
  const own = fileURLToPath(new URL('../../plans/', import.meta.url));
  await cp(own, join(workspace.folder, 'plans'), { recursive: true, force: true });
  const told = await workspace.run(['nightly-env'], { POSTGRES_DB: database.name, POSTGRES_PASSWORD: 'x' });
  expect(told.code, told.text).toBe(11);
  expect(told.text).toMatch(/environments\.yaml:\d+:\d+ .*BACKUP_DIR/);
  const [journal] = await workspace.journals('nightly-env');
  expect(journal?.at(-1)).toMatchObject({ type: 'run-finished', outcome: 'failed', exitCode: 11 });
});

describe('a mistyped plan', () => {
  test('is told with file, line and column, and exits 10 whatever is asked of it', async () => {
    await workspace.write('plans/nightly-prod.yaml', nightlyPlan.replace('retention:', 'retenton:'));
    const validated = await workspace.run(['validate']);
    expect(validated.code).toBe(10);
    expect(validated.stdout).toContain(
      "plans/nightly-prod.yaml:5:1 unknown key 'retenton', did you mean 'retention'?",
    );
    expect(validated.stdout).toContain('5 | retenton:');
    const run = await workspace.run(['nightly-prod'], variables);
    expect(run.code).toBe(10);
    expect(run.text).toContain('plans/nightly-prod.yaml:5:1');
    expect(await workspace.artifactKeys()).toEqual([]);
    const json = JSON.parse((await workspace.run(['validate', '--json'])).stdout) as { problems: unknown[] };
    expect(json.problems).toContainEqual(expect.objectContaining({ line: 5, column: 1, severity: 'error' }));
    expect((await workspace.run(['validate', '--format', 'github'])).stdout).toMatch(
      /^::error file=plans\/nightly-prod\.yaml,line=5,col=1/,
    );
  });

  test('does not keep another plan from running', async () => {
    await workspace.write('plans/broken.yaml', 'steps: 3\n');
    await workspace.write('plans/sound.yaml', echoPlan);
    const told = await workspace.run(['sound'], variables);
    expect(told.code, told.text).toBe(0);
  });
});

test.each([
  [['nightly-prd'], /there is no plan.*nightly-prod/s],
  [['valdate'], /did you mean 'validate'/],
  [['nightly-prod', '--set', 'x=1'], /has no parameter 'x'/],
  [['nightly-prod', '--set', 'x'], /not name=value/],
  [['nightly-prod', '--nonsense'], /unknown option/],
  [[], /Usage: run-plan/],
])('%j is a usage error, exit 2', async (words, message) => {
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
  const told = await workspace.run(words, variables);
  expect(told.code, told.text).toBe(2);
  expect(told.text).toMatch(message);
  expect(told.text).not.toMatch(/^ +at /m);
});

test('steps: own tasks, outputs, parameters, when, retry, cleanup, and the database in the environment', async () => {
  await workspace.write(
    'tasks/orders-count.ts',
    `import type { Task } from 'run-plan/task';
const task: Task<{ at: string }> = {
  name: 'orders-count', description: 'Says where', needs: ['postgres'], writes: [], role: 'check', outputs: ['place'],
  parameters: { type: 'object', additionalProperties: false, required: ['at'], properties: { at: { type: 'string' } } },
  run: async (context, { at }) => {
    context.report.note('at ' + at);
    return { outputs: { place: at + ' it is' } };
  },
};
export default task;
`,
  );
  await workspace.write(
    'plans/many.yaml',
    `environment: prod
timeout: 5m
parameters: { place: { default: home }, extra: { default: "no" } }
prepare:
  - run: echo prepared >> log
steps:
  - { id: count, task: orders-count, with: { at: "\${parameters.place}" } }
  - run: echo "\${steps.count.place} in \${run.id}" >> log
  - { run: echo never >> log, when: "\${parameters.extra}" }
  - { run: 'psql -Atc "select count(*) from orders" >> log && psql "$DATABASE_URL" -Atc "select 1" >> log' }
  - { run: 'test -e tried || { touch tried; exit 3; }', retry: { times: 2, delay: 1s } }
cleanup:
  - run: echo cleaned >> log
`,
  );
  const told = await workspace.run(['many', '--set', 'place=a "strange" $(place)'], variables);
  expect(told.code, told.text).toBe(0);
  const [record] = await workspace.records('many');
  expect((await readFile(join(workspace.folder, 'log'), 'utf8')).split('\n')).toEqual([
    'prepared',
    `a "strange" $(place) it is in ${record?.runId ?? ''}`,
    '10',
    '1',
    'cleaned',
    '',
  ]);
  expect(record?.steps.map(({ outcome, attempts }) => [outcome, attempts])).toEqual([
    ['succeeded', 1],
    ['succeeded', 1],
    ['succeeded', 1],
    ['skipped', 0],
    ['succeeded', 1],
    ['succeeded', 2],
    ['succeeded', 1],
  ]);
});

test("an own task's mistyped parameter is a problem in the plan", async () => {
  await workspace.write(
    'tasks/orders-count.ts',
    `export default { name: 'orders-count', description: 'x', needs: [], writes: [], role: 'check', outputs: [],
  parameters: { type: 'object', additionalProperties: false, properties: { depth: { type: 'integer' } } }, run: async () => ({}) };\n`,
  );
  await workspace.write(
    'plans/own.yaml',
    'environment: prod\ntimeout: 5m\nsteps:\n  - task: orders-count\n    with: { dept: 3 }\n',
  );
  const told = await workspace.run(['validate', 'own']);
  expect(told.code, told.text).toBe(10);
  expect(told.text).toMatch(/plans\/own\.yaml:5:13 .*'dept'.*did you mean 'depth'/);
});

test('a failed step with continue-on-failure lets the rest run and the run is red', async () => {
  await workspace.write(
    'plans/two.yaml',
    'environment: prod\ntimeout: 5m\nsteps:\n  - { run: exit 7, continue-on-failure: true }\n  - run: echo second > second\n',
  );
  const told = await workspace.run(['two'], variables);
  expect(told.code, told.text).toBe(20);
  expect(await readFile(join(workspace.folder, 'second'), 'utf8')).toBe('second\n');
});

test('a step beyond its timeout is ended, and so is one that stalls', async () => {
  await workspace.write(
    'plans/slow.yaml',
    'environment: prod\ntimeout: 5m\nsteps:\n  - { id: long, run: "while true; do echo alive; sleep 0.2; done", timeout: 2s, continue-on-failure: true }\n  - { id: silent, run: sleep 600, stall-timeout: 1s }\n',
  );
  const told = await workspace.run(['slow'], variables);
  expect(told.code, told.text).toBe(20);
  const [record] = await workspace.records('slow');
  expect(record?.steps.map(({ error }) => error?.code)).toEqual(['step-timeout', 'step-stalled']);
});

test('operators’ commands cannot write to a protected environment that the plan does not name', async () => {
  await production.declare({ more: '    protected: true\n' });
  const plan = (writes: string): string =>
    `environment: prod\n${writes}timeout: 5m\nsteps:\n  - run: psql -c "delete from orders"\n`;
  await workspace.write('plans/delete.yaml', plan(''));
  const told = await workspace.run(['delete'], variables);
  expect(told.code, told.text).toBe(20);
  expect(told.text).toMatch(/read-only transaction/);
  await workspace.write('plans/delete.yaml', plan('writes: prod\n'));
  expect((await workspace.run(['delete'], variables)).code).not.toBe(0);
  const confirmed = await workspace.run(['delete', '--yes', 'prod'], variables);
  expect(confirmed.code, confirmed.text).toBe(0);
});

test('a state folder that takes no files is an error at once, without a loop', async () => {
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
  const told = await workspace.run(['nightly-prod'], { ...variables, STATE_DIRECTORY: '/proc/run-plan' });
  expect(told.code, told.text).toBe(11);
  expect(told.text).toContain('/proc/run-plan');
});

test('--dry-run shows the commands and does nothing', async () => {
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
  const told = await workspace.run(['nightly-prod', '--dry-run'], variables);
  expect(told.code, told.text).toBe(0);
  expect(told.stdout).toMatch(/pg_dump --format=custom --no-owner --no-privileges/);
  expect(await workspace.artifactKeys()).toEqual([]);
  expect(await workspace.journals('nightly-prod')).toEqual([]);
});

test('--json gives one event a line, GitHub Actions gets groups', async () => {
  await workspace.write('plans/echo.yaml', echoPlan);
  const json = await workspace.run(['echo', '--json'], variables);
  const events = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  expect(events[0]?.type).toBe('run-started');
  expect(events.at(-1)).toMatchObject({ type: 'run-finished', outcome: 'succeeded', exitCode: 0 });
  const github = await workspace.run(['echo'], { ...variables, GITHUB_ACTIONS: 'true' });
  expect(github.stdout).toMatch(/^::group::/m);
});
