import { expect, test } from 'vitest';
import {
  problemsOf,
  resolveBucket,
  resolveEnvironment,
  resolvePlan,
} from '../../../../src/language/plan/workspace.ts';
import { isKnown } from '../../../../src/language/environment/channel/kinds.ts';
import { Open, openIn } from '../../../../src/language/yaml/open.ts';
import { loadFiles } from './workspace-fixture.ts';

const environments = `environments:
  runbook:
    postgres:
      host: { env: POSTGRES_HOST }
      port: { env: POSTGRES_PORT, default: 5432 }
      database: { env: POSTGRES_DB }
      user: { env: POSTGRES_USER }
      password: { env: POSTGRES_PASSWORD }
    repository: { folder: { env: BACKUP_DIR } }
  fixed:
    postgres: { host: h, database: "007", user: u }
    repository: { folder: /var/backups }
`;
const nightly = `environment: runbook
timeout: 2h
retention: { keep-within: { env: RETENTION_DAYS, default: 7d, unit: d }, keep-at-least: { env: LEAST, default: 2 } }
steps: [{ task: postgres-dump }, { task: artifact-verify }]
`;
const variables = {
  POSTGRES_HOST: 'db.internal',
  POSTGRES_PORT: '6432',
  POSTGRES_DB: '1234',
  POSTGRES_USER: 'true',
  POSTGRES_PASSWORD: 'hunter2',
  BACKUP_DIR: '/var/backups',
  RETENTION_DAYS: '30',
  LEAST: '5',
};

test('variables stand in place of settings, as text or number as the schema wants', async () => {
  const workspace = await loadFiles(
    { 'environments.yaml': environments, 'nightly.yaml': nightly },
    variables,
  );
  expect(workspace.problems).toEqual([]);
  expect(resolveEnvironment(workspace, 'runbook').postgres).toMatchObject({
    host: 'db.internal',
    port: 6432,
    database: '1234',
    user: 'true',
  });
  expect(resolvePlan(workspace, 'nightly').retention).toEqual({
    keepWithinMs: 30 * 86_400_000,
    keepAtLeast: 5,
  });
});

test("a password's variable stays a reference with its place", async () => {
  const workspace = await loadFiles({ 'environments.yaml': environments }, variables);
  const { postgres } = resolveEnvironment(workspace, 'runbook');
  expect(postgres?.password).toEqual({
    kind: 'env',
    name: 'POSTGRES_PASSWORD',
    position: 'environments.yaml:8:17',
  });
  expect(JSON.stringify([...workspace.environments])).not.toContain('hunter2');
});

test('variables that are not set are no problem until a run needs them', async () => {
  const files = { 'environments.yaml': environments, 'nightly.yaml': nightly };
  const workspace = await loadFiles(files, { POSTGRES_HOST: '' });
  expect(workspace.problems).toEqual([]);
  expect(resolvePlan(workspace, 'nightly').retention).toEqual({
    keepWithinMs: 7 * 86_400_000,
    keepAtLeast: 2,
  });
  expect(resolveEnvironment(workspace, 'fixed').postgres?.database).toBe('007');
  expect(() => resolveEnvironment(workspace, 'runbook')).toThrow(
    expect.objectContaining({
      code: 'variable-missing',
      exitCode: 11,
      where: 'environments.yaml:4:13',
      message: 'the variables POSTGRES_HOST, POSTGRES_DB, POSTGRES_USER, BACKUP_DIR are not set',
    }),
  );
});

test('a value whose variable is not set is open, whatever the schema wants there, and no text like it is', async () => {
  const file = `environments:
  prod:
    protected: { env: GUARDED }
    postgres: { host: $HOST, port: { env: PORT }, database: { env: NAME }, user: u }
    alerts:
      - email: { to: [ops@example.org], smtp: { host: { env: MAIL } }, timeout: { env: WAIT } }
      - webhook: { url: { env: HOOK } }
`;
  const workspace = await loadFiles({ 'environments.yaml': file }, {});
  const prod = workspace.environments.get('prod');
  const open = (variable: string): unknown => expect.objectContaining({ variable }) as unknown;
  expect(prod?.protected).toBeInstanceOf(Open);
  expect(prod?.postgres).toMatchObject({ host: '$HOST', port: open('PORT'), database: open('NAME') });
  expect(prod?.alerts?.map(isKnown)).toEqual([false, true]);
  expect(openIn(prod).map(({ variable, position }) => `${position} ${variable}`)).toEqual([
    'environments.yaml:3:16 GUARDED',
    'environments.yaml:4:36 PORT',
    'environments.yaml:4:61 NAME',
    'environments.yaml:6:81 WAIT',
    'environments.yaml:6:55 MAIL',
  ]);
});

test('addresses of one variable that is not set are the same address', async () => {
  const s3 = '{ s3: { bucket: backups, endpoint: { env: STORE } } }';
  const file = `environments: { prod: { repository: ${s3} }, staging: { repository: ${s3} } }\nbuckets: { backups: { versioning: true } }\n`;
  const workspace = await loadFiles({ 'environments.yaml': file }, {});
  expect(workspace.problems).toEqual([]);
});

test('a plan whose variable is not set is valid and does not run', async () => {
  const text = nightly.replace('timeout: 2h', 'timeout: { env: LIMIT }');
  const workspace = await loadFiles({ 'environments.yaml': environments, 'nightly.yaml': text });
  expect(workspace.problems).toEqual([]);
  expect(() => resolvePlan(workspace, 'nightly')).toThrow(
    expect.objectContaining({ code: 'variable-missing', where: 'nightly.yaml:2:10' }),
  );
});

test('a broken plan does not hold up another one', async () => {
  const workspace = await loadFiles({
    'environments.yaml': environments,
    'nightly.yaml': nightly,
    'broken.yaml': 'steps: [',
    'drill.yaml': nightly.replace('artifact-verify', 'artifact-verfy'),
  });
  expect(resolvePlan(workspace, 'nightly').name).toBe('nightly');
  expect(problemsOf(workspace, 'drill')).toHaveLength(1);
  for (const name of ['broken', 'drill']) {
    expect(() => resolvePlan(workspace, name)).toThrow(
      expect.objectContaining({ code: 'plan-invalid', exitCode: 10 }),
    );
  }
  expect(() => resolvePlan(workspace, 'nightl')).toThrow(
    "there is no plan 'nightl', did you mean 'nightly'?",
  );
});

test('a mistake in the environments holds up every plan', async () => {
  const text = environments.replace('fixed:', 'fixed:\n    onwer: me');
  const workspace = await loadFiles({ 'environments.yaml': text, 'nightly.yaml': nightly });
  expect(() => resolvePlan(workspace, 'nightly')).toThrow(expect.objectContaining({ code: 'plan-invalid' }));
});

test('a file of 10 MB is refused unread', async () => {
  const { problems } = await loadFiles({ 'nightly.yaml': 'a: b\n'.repeat(2_000_000) });
  expect(problems).toMatchObject([{ rule: 'file-too-large', file: 'nightly.yaml' }]);
});

test('a folder without plans says so', async () => {
  const workspace = await loadFiles({});
  expect(workspace.problems).toEqual([]);
  expect(() => resolvePlan(workspace, 'nightly')).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('a channel of a plan that does not exist is told, and holds up nobody', async () => {
  const text = `environments:
  prod:
    postgres: { ephemeral: true }
    alerts:
      - webhook: { url: { env: HOOK }, plans: [nightly, nigthly], template: { plans: [whatever] } }
`;
  const plan = 'environment: prod\ntimeout: 1h\nsteps: [{ run: "true" }]\n';
  const workspace = await loadFiles({ 'environments.yaml': text, 'nightly.yaml': plan });
  expect(workspace.problems).toMatchObject([
    {
      rule: 'unknown-plan',
      severity: 'warning',
      line: 5,
      message: "there is no plan 'nigthly', did you mean 'nightly'?",
    },
  ]);
  expect(resolvePlan(workspace, 'nightly').name).toBe('nightly');
});

test('a template that names what no message has, or that no format takes, is an error at its place', async () => {
  const webhook = (more: string): string => `      - webhook: { url: { env: HOOK }, ${more} }\n`;
  const alerts = [
    webhook('template: { a: [{ b: "{titel} {secrets.key} {title}" }] }'),
    webhook('format: slack, template: { a: b }'),
    webhook('template: { a: "{secrets.key}" }, secrets: { key: { env: KEY } }'),
  ].join('');
  const { problems } = await loadFiles({
    'environments.yaml': `environments:\n  prod:\n    postgres: { ephemeral: true }\n    alerts:\n${alerts}`,
  });
  expect(problems.map(({ line, message }) => [line, message])).toEqual([
    [5, 'the template names {secrets.key}, which no message has'],
    [5, "the template names {titel}, which no message has, did you mean 'title'?"],
    [6, 'a template is for format json, and this webhook has slack'],
  ]);
});

const openPlan = `environment: { env: WHERE }
time-zone: { env: ZONE }
schedule: [{ calendar: { env: WHEN }, from: { env: SINCE } }, { cron: { env: WHEN } }]
timeout: { env: LIMIT }
steps: [{ task: artifact-prune, environment: { env: WHERE } }]
`;

test('what is open is no mistake, and is refused when it is needed', async () => {
  const workspace = await loadFiles({ 'environments.yaml': environments, 'nightly.yaml': openPlan }, {});
  const rules = new Set(workspace.problems.map(({ rule }) => rule));
  for (const rule of ['unknown-environment', 'bad-time-zone', 'bad-calendar', 'bad-cron', 'bad-date'])
    expect(rules).not.toContain(rule);
  expect(workspace.plans.get('nightly')?.environment).toBe('$WHERE');
  expect(() => resolvePlan(workspace, 'nightly')).toThrow(
    expect.objectContaining({ code: 'variable-missing' }),
  );
});

test('a text that looks like a variable is none', async () => {
  const plan = `time-zone: $ZONE
environment: fixed
schedule: [{ calendar: $WHEN }, { cron: $WHEN }]
steps: [{ task: artifact-prune }]
`;
  const { problems } = await loadFiles({ 'environments.yaml': environments, 'nightly.yaml': plan }, {});
  const rules = problems.map(({ rule }) => rule);
  expect(rules).toEqual(expect.arrayContaining(['bad-time-zone', 'bad-calendar', 'bad-cron']));
});

test('a bucket of an environment of which it is not known whether it is protected is not to be changed', async () => {
  const text = `environments:
  prod:
    protected: { env: GUARD }
    repository: { s3: { bucket: backups, region: eu-central-1 } }
buckets: { backups: { versioning: true } }
`;
  const unset = await loadFiles({ 'environments.yaml': text }, {});
  expect(() => resolveBucket(unset, 'backups')).toThrow(
    expect.objectContaining({ code: 'variable-missing', message: 'the variable GUARD is not set' }),
  );
  const known = await loadFiles({ 'environments.yaml': text }, { GUARD: 'true' });
  expect(resolveBucket(known, 'backups').name).toBe('backups');
});
