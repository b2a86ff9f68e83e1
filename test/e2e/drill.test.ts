import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { startCluster } from '../../src/postgres/cluster.ts';
import type { DrillEvidence } from '../../src/language/generated/drill-evidence.types.ts';
import { createBucket, emptyAndRemoveBucket } from '../services/bucket.ts';
import type { RunningService } from '../services/running-service.ts';
import { startSecondPostgres } from '../services/second-postgres.ts';
import type { PostgresService } from '../services/services.ts';
import { createDrill, drillPlan, type Drill } from './drill-application.ts';
import { until } from '../fixtures/until.ts';
import { s3Yaml, type Told } from './workspace.ts';

const services = inject('services');
let second: RunningService<PostgresService>;
let drill: Drill;
/** Name of the artifact that the first drill has made and restored. */
let artifact: string;

beforeAll(async () => {
  second = await startSecondPostgres(services);
  drill = await createDrill(services, { second: second.service });
});

afterAll(async () => {
  await drill.remove();
  await second.stop();
});

const prepare = `prepare:
  - task: postgres-dump
    environment: prod
`;

/** For drills whose subject is neither: the programs of the application are not started. */
const withoutPrograms = {
  'run: alembic upgrade head': 'run: "true"',
  'run: pytest -q --junitxml=report.xml': 'run: "true"',
  '    junit: report.xml\n': '',
  'select count(*) = 0 from invoices where due_on is null': 'select true',
};

/** The drill without its dump, under a name of its own, with changes. */
function writeRed(name: string, changes: Readonly<Record<string, string>>): Promise<void> {
  const plan = drillPlan(drill.application, drill.health, { [prepare]: 'timeout: 10m\n', ...changes });
  return drill.workspace.write(`plans/${name}.yaml`, plan);
}

/** The newest evidence of a plan in this host's state folder. */
async function evidenceOf(plan: string): Promise<DrillEvidence> {
  const folder = join(drill.workspace.folder, 'state', 'evidence', plan);
  const names = (await readdir(folder)).filter((name) => /-[0-9a-f]{4}\.json$/.test(name)).sort();
  return JSON.parse(await readFile(join(folder, names.at(-1) ?? 'none'), 'utf8')) as DrillEvidence;
}

/** Sessions of a plan's runs that are still on either server. */
async function sessionsOf(plan: string): Promise<readonly string[]> {
  const question = `select application_name as name from pg_stat_activity where application_name like '${plan}-%'`;
  const rows = await Promise.all(
    [drill.production, drill.staging].map((side) => side.query<{ name: string }>(question)),
  );
  return rows.flat().map(({ name }) => name);
}

/** Nothing of a plan's runs is left on the servers. */
async function expectNothingLeft(plan: string): Promise<void> {
  expect(await drill.leftovers()).toEqual([]);
  await until(`no session of ${plan} on a server`, async () => (await sessionsOf(plan)).length === 0);
}

function run(plan: string, ...words: readonly string[]): Promise<Told> {
  return drill.workspace.run([plan, ...words], drill.variables);
}

/** Runs a red drill by the artifact's name: exit code, and an evidence that says what and where. */
async function expectRed(
  plan: string,
  expected: { readonly exit: number; readonly step: string; readonly code: string; readonly says: RegExp },
): Promise<DrillEvidence> {
  const told = await run(plan, '--set', `artifact=${artifact}`);
  expect(told.code, told.text).toBe(expected.exit);
  const evidence = await evidenceOf(plan);
  expect(evidence.verdict.state).toBe('failed');
  const step = evidence.steps.find(({ id }) => id === expected.step);
  expect(step).toMatchObject({ outcome: 'failed', error: { code: expected.code } });
  expect(step?.error?.message).toMatch(expected.says);
  expect(evidence.blockers.map(({ step: blocked }) => blocked)).toContain(expected.step);
  expect(evidence.verdict.sentence).toContain(`step ${expected.step}`);
  await expectNothingLeft(plan);
  return evidence;
}

/** Changes a stored file of the artifact for as long as an action lasts. */
async function withStored(
  suffix: string,
  change: (content: Buffer) => Buffer,
  action: () => Promise<unknown>,
): Promise<void> {
  const path = join(drill.workspace.repositoryFolder, `${artifact}${suffix}`);
  const content = await readFile(path);
  await writeFile(path, change(content));
  try {
    await action();
  } finally {
    await writeFile(path, content);
  }
}

function editManifest(
  edit: (manifest: { server: Record<string, unknown> }) => void,
): (content: Buffer) => Buffer {
  return (content) => {
    const manifest = JSON.parse(content.toString('utf8')) as { server: Record<string, unknown> };
    edit(manifest);
    return Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
  };
}

test('a drill as designed is green: dumped, restored, migrated, tested, compared, with its evidence', async () => {
  const told = await run('drill-staging');
  expect(told.code, told.text).toBe(0);
  const evidence = await evidenceOf('drill-staging');
  artifact = evidence.restores[0]?.artifact ?? '';
  expect(artifact).toMatch(/^pg_test_/);
  expect(evidence.verdict).toMatchObject({ state: 'passed', openSignOffs: 1 });
  expect(evidence.recoveryTime).toMatchObject({ state: 'met', rtoMs: 4 * 3_600_000 });
  expect(evidence.tests).toMatchObject([{ step: 'smoke', tests: 3, failures: 0, errors: 0 }]);
  expect(evidence.comparisons).toMatchObject([{ mode: 'counts', differences: [] }]);
  expect(evidence.comparisons[0]?.rows).toBeGreaterThan(400);
  expect(evidence.checks.filter(({ state }) => state === 'failed')).toEqual([]);
  expect(evidence.signOffs).toMatchObject([{ check: 'confirm-1', state: 'open' }]);
  const [restore] = evidence.restores;
  expect(restore?.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(restore?.target?.systemIdentifier).not.toBe(restore?.dumpedFrom?.systemIdentifier);
  expect(restore?.recoveryPointAgeMs).toBeLessThan(60_000);
  expect(evidence.steps.find(({ id }) => id === 'postgres-restore')?.phases.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['preflight', 'load rows', 'indexes and constraints', 'analyze']),
  );
  await expectNothingLeft('drill-staging');
  expect(await drill.workspace.artifactKeys()).toContain(`${artifact}.drilled.json`);

  const listed = await drill.workspace.run(['artifacts', '--json'], drill.variables);
  expect(JSON.parse(listed.stdout)).toMatchObject([
    { name: artifact, state: 'verified', drilledAt: expect.any(String) },
  ]);
  const verified = await drill.workspace.run(['report', '--verify'], drill.variables);
  expect(verified.code, verified.text).toBe(0);
});

test('a person signs the open check off later, and the chain still holds', async () => {
  const { runId } = JSON.parse(JSON.stringify((await drill.workspace.records('drill-staging')).at(-1))) as {
    runId: string;
  };
  const signed = await drill.workspace.run(
    ['sign-off', runId, '--check', 'confirm-1', '--by', 'on-call', '--note', 'all three done'],
    drill.variables,
  );
  expect(signed.code, signed.text).toBe(0);
  const report = await drill.workspace.run(
    ['report', 'drill-staging', '--format', 'markdown'],
    drill.variables,
  );
  expect(report.stdout).toContain('all three done');
  expect((await drill.workspace.run(['report', '--verify'], drill.variables)).code).toBe(0);
});

describe('red, each for its own reason', () => {
  test('a flipped byte', async () => {
    await writeRed('red-byte', {});
    const flip = (content: Buffer): Buffer => {
      const changed = Buffer.from(content);
      const at = Math.floor(changed.length / 2);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      return changed;
    };
    await withStored('.dump.zst', flip, () =>
      expectRed('red-byte', {
        exit: 21,
        step: 'postgres-restore',
        code: 'artifact-damaged',
        says: /is damaged/,
      }),
    );
  });

  test('a truncated artifact', async () => {
    await writeRed('red-short', {});
    await withStored(
      '.dump.zst',
      (content) => content.subarray(0, content.length - 1),
      () =>
        expectRed('red-short', {
          exit: 21,
          step: 'postgres-restore',
          code: 'artifact-damaged',
          says: /cannot be restored: .* bytes where its manifest says/,
        }),
    );
  });

  test('an extension that the target lacks', async () => {
    await writeRed('red-extension', {});
    const edit = editManifest(({ server }) => {
      server['extensions'] = [{ name: 'no_such_extension', version: '1.0' }];
    });
    await withStored('.manifest.json', edit, () =>
      expectRed('red-extension', {
        exit: 20,
        step: 'postgres-restore',
        code: 'extension-missing',
        says: /lacks the extension no_such_extension/,
      }),
    );
  });

  test('a dump of a newer major', async () => {
    await writeRed('red-major', {});
    const edit = editManifest(({ server }) => {
      server['major'] = 99;
    });
    await withStored('.manifest.json', edit, () =>
      expectRed('red-major', {
        exit: 20,
        step: 'postgres-restore',
        code: 'postgres-version',
        says: /dumped from PostgreSQL 99 and the target is the older/,
      }),
    );
  });

  test.runIf(services.postgres.way === 'native')('a target without room', async () => {
    await writeRed('red-space', {});
    const edit = editManifest(({ server }) => {
      server['databaseBytes'] = 10 ** 15;
    });
    await withStored('.manifest.json', edit, () =>
      expectRed('red-space', {
        exit: 20,
        step: 'postgres-restore',
        code: 'space-missing',
        says: /the restored database needs about/,
      }),
    );
  });

  test('a migration that fails', async () => {
    await writeRed('red-migration', {
      'run: alembic upgrade head':
        'run: psql -qc "alter table invoices add due_on date" && alembic upgrade head',
    });
    await expectRed('red-migration', {
      exit: 20,
      step: 'migrate',
      code: 'command-failed',
      says: /column "due_on" of relation "invoices" already exists/,
    });
  });

  test('a smoke test that fails', async () => {
    await writeRed('red-smoke', {
      'run: pytest -q': 'run: psql -qc "truncate webhooks" && pytest -q',
    });
    const evidence = await expectRed('red-smoke', {
      exit: 20,
      step: 'smoke',
      code: 'command-failed',
      says: /the script exited with 1/,
    });
    expect(evidence.tests).toMatchObject([{ step: 'smoke', tests: 3 }]);
    expect((evidence.tests[0]?.failures ?? 0) + (evidence.tests[0]?.errors ?? 0)).toBe(1);
    expect(evidence.tests[0]?.failed[0]?.name).toContain('webhook');
  });

  test('rows that are missing', async () => {
    await writeRed('red-rows', {
      ...withoutPrograms,
      '  - task: restore-compare':
        '  - run: psql -qc "delete from webhooks where id in (select min(id) from webhooks)"\n  - task: restore-compare',
    });
    const evidence = await expectRed('red-rows', {
      exit: 21,
      step: 'restore-compare',
      code: 'check-failed',
      says: /public\.webhooks/,
    });
    expect(evidence.comparisons[0]?.differences).toMatchObject([{ table: 'public.webhooks' }]);
  });

  test('a check by SQL, by HTTP', async () => {
    drill.health.answer(503, '{"status":"down"}');
    await writeRed('red-checks', {
      ...withoutPrograms,
      'select count(*) = 0 from invoices where due_on is null': 'select count(*) = 0 from invoices',
      '  - task: sql-check\n': '  - task: sql-check\n    continue-on-failure: true\n',
    });
    const told = await run('red-checks', '--set', `artifact=${artifact}`);
    drill.health.answer(200, '{"status":"up"}');
    expect(told.code, told.text).toBe(21);
    const failed = (await evidenceOf('red-checks')).checks.filter(({ state }) => state === 'failed');
    expect(failed.map(({ step }) => step)).toEqual(['sql-check', 'http-check']);
    await expectNothingLeft('red-checks');
  });

  test('an RTO that was missed', async () => {
    await writeRed('red-rto', {
      ...withoutPrograms,
      'run: alembic upgrade head': 'run: sleep 1',
      'objectives: { rto: 4h }': 'objectives: { rto: 1s }',
    });
    const told = await run('red-rto', '--set', `artifact=${artifact}`);
    expect(told.code, told.text).toBe(22);
    const evidence = await evidenceOf('red-rto');
    expect(evidence.verdict.state).toBe('rto-missed');
    expect(evidence.recoveryTime.state).toBe('missed');
    await expectNothingLeft('red-rto');
  });

  test('a target that holds tables', async () => {
    await drill.staging.query('create table precious (id int)');
    await writeRed('red-tables', { 'database: "${run.scratch}"': `database: ${drill.staging.name}` });
    await expectRed('red-tables', {
      exit: 20,
      step: 'postgres-restore',
      code: 'target-refused',
      says: /holds tables \(public\.precious\)/,
    });
    expect(await drill.staging.query('select * from precious')).toEqual([]);
  });

  test("the source's own server, also under another name", async () => {
    const { workspace } = drill;
    const environments = await readFile(join(workspace.folder, 'plans', 'environments.yaml'), 'utf8');
    const beside = environments.replace(
      / {2}prod:\n {4}protected: true\n( {4}postgres: .*\n) {4}repository.*\n/,
      (whole, postgres: string) => `${whole}  beside:\n${postgres.replace('127.0.0.1', 'localhost')}`,
    );
    expect(beside).toContain('beside:');
    await workspace.write('plans/environments.yaml', beside);
    await writeRed('red-server', { 'environment: staging': 'environment: beside' });
    await expectRed('red-server', {
      exit: 20,
      step: 'postgres-restore',
      code: 'target-refused',
      says: /is the server that pg_test_\S+ was dumped from/,
    });
  });

  test('a protected target: refused by validation, and without its name typed', async () => {
    await writeRed('red-protected', { 'environment: staging': 'environment: prod' });
    const refused = await run('red-protected');
    expect(refused.code).toBe(10);
    expect(refused.text).toContain("'postgres-restore' would change 'prod', which is protected");
    await writeRed('red-protected', { 'environment: staging': 'environment: prod\nwrites: prod' });
    const unconfirmed = await run('red-protected', '--yes');
    expect(unconfirmed.code).toBe(2);
    expect(unconfirmed.text).toContain("writes to the protected environment 'prod'");
    await drill.workspace.write(
      'plans/red-protected.yaml',
      'environment: staging\nsteps: [{ run: "true" }]\n',
    );
  });

  test('a dump made with --create', async () => {
    const { host, port, user, password } = services.postgres;
    const path = join(drill.workspace.folder, 'created.sql');
    await promisify(execFile)('pg_dump', ['--create', '--file', path, drill.production.name], {
      env: { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
    });
    await writeRed('red-create', { '"${parameters.artifact}"': JSON.stringify(path) });
    await expectRed('red-create', {
      exit: 20,
      step: 'postgres-restore',
      code: 'target-refused',
      says: /created\.sql is refused: its contents say CREATE DATABASE/,
    });
  });
});

/** Puts a program of this name before the others, which waits for ever at a certain point. */
async function hangingProgram(name: string, script: string): Promise<Record<string, string>> {
  const folder = join(drill.workspace.folder, `hanging-${name}-${String(Math.random()).slice(2, 8)}`);
  await mkdir(folder);
  await writeFile(join(folder, name), `#!/bin/bash\nPATH=\${PATH#*:}\n${script}\n`);
  await chmod(join(folder, name), 0o755);
  return { ...drill.variables, PATH: `${folder}${delimiter}${drill.variables['PATH'] ?? ''}` };
}

const hangs = 'exec sleep 1000';
/** zstd that hands everything on and does not end, but for the first time: then the contents are read. */
const hangsAtTheEnd = `zstd "$@"; [ -e "$0.called" ] || exec touch "$0.called"; ${hangs}`;

describe('a drill that is ended by SIGTERM leaves no database, no session and no process', () => {
  const phases: readonly (readonly [
    when: string,
    program: string,
    script: string,
    said: RegExp,
    changes: Readonly<Record<string, string>>,
  ])[] = [
    [
      'while it dumps',
      'zstd',
      `case "$*" in *-d*) exec zstd "$@" ;; *--version*) exec zstd "$@" ;; *) ${hangs} ;; esac`,
      /dumping/,
      { 'timeout: 10m\n': prepare },
    ],
    [
      'while it reads the contents',
      'zstd',
      `case "$*" in *-d*) ${hangs} ;; *) exec zstd "$@" ;; esac`,
      /reading the contents/,
      {},
    ],
    ['while it loads rows', 'zstd', hangsAtTheEnd, /loading rows: [1-9]/, {}],
    ['in a migration', 'alembic', hangs, /migrate: started/, {}],
    ['in the smoke tests', 'pytest', hangs, /smoke: started/, { 'run: alembic upgrade head': 'run: "true"' }],
    [
      'while it asks the database',
      'true',
      '',
      /1 of 2: every booking has a customer/,
      {
        ...withoutPrograms,
        'select count(*) = 0 from bookings': 'select pg_sleep(1000) is null from bookings',
      },
    ],
  ];
  test.each(phases)('%s', async (_, program, script, said, changes) => {
    const plan = `ended-${String(phases.findIndex((phase) => phase[3] === said))}`;
    await writeRed(plan, changes);
    const variables = await hangingProgram(program, script);
    const started = drill.workspace.start([plan], variables);
    await started.said(said);
    started.process.kill('SIGTERM');
    const told = await started.ended;
    expect(told.code, told.text).toBe(143);
    await expectNothingLeft(plan);
    const evidence = await evidenceOf(plan);
    expect(evidence.verdict.state).toBe('interrupted');
  });
});

test('Postgres that is killed midway is said to be lost', async () => {
  const cluster = await startCluster({ tcp: true });
  try {
    const { workspace } = drill;
    const environments = await readFile(join(workspace.folder, 'plans', 'environments.yaml'), 'utf8');
    await workspace.write(
      'plans/environments.yaml',
      `${environments}  doomed:\n    postgres: { host: ${cluster.socketFolder}, port: ${String(cluster.port)}, database: postgres, user: ${cluster.user} }\n`,
    );
    await writeRed('doomed', { 'environment: staging': 'environment: doomed' });
    const variables = await hangingProgram('zstd', hangsAtTheEnd);
    const started = workspace.start(['doomed'], variables);
    await started.said(/loading rows: [1-9]/);
    const [pid] = (await readFile(join(cluster.folder, 'data', 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGQUIT');
    const told = await started.ended;
    expect(told.code, told.text).toBe(20);
    const [step] = (await evidenceOf('doomed')).steps.filter(({ id }) => id === 'postgres-restore');
    expect(step?.error?.code).toBe('postgres-connection-lost');
  } finally {
    await cluster.stop();
  }
});

describe('without a staging server', () => {
  test('the same drill runs in a throw-away cluster, from S3, and leaves nothing of it', async () => {
    const { workspace, variables } = drill;
    const bucket = await createBucket(services, { versioning: true });
    onTestFinished(() => emptyAndRemoveBucket(services, bucket));
    const environments = await readFile(join(workspace.folder, 'plans', 'environments.yaml'), 'utf8');
    onTestFinished(() => workspace.write('plans/environments.yaml', environments));
    await workspace.write(
      'plans/environments.yaml',
      environments.replace(/repository: .*/, () => `repository: { s3: ${s3Yaml(services, bucket)} }`),
    );
    await workspace.write(
      'plans/drill-scratch.yaml',
      drillPlan(drill.application, drill.health, { 'environment: staging': 'environment: scratch' }),
    );
    const told = await workspace.run(['drill-scratch'], variables);
    expect(told.code, told.text).toBe(0);
    const folder = /a throw-away cluster answers in (\S+)/.exec(told.text)?.[1] ?? '';
    expect(folder).not.toBe('');
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
    const verified = await workspace.run(['report', 'drill-scratch', '--verify'], variables);
    expect(verified.code, verified.text).toBe(0);
  });

  test('the cluster goes with a run that is killed', async () => {
    const plan = 'killed';
    await writeRed(plan, { 'environment: staging': 'environment: scratch' });
    const started = drill.workspace.start([plan], await hangingProgram('alembic', hangs));
    await started.said(/migrate: started/);
    const [events] = await drill.workspace.journals(plan);
    const note = events
      ?.map(({ text }) => String(text))
      .find((text) => text.startsWith('a throw-away cluster answers in '));
    const folder = note?.split(' ').at(-1) ?? '';
    expect(await readdir(folder)).toContain('data');
    started.process.kill('SIGKILL');
    await started.ended;
    await until(
      'the cluster is gone',
      async () => (await readdir(folder).catch(() => undefined)) === undefined,
    );
  });
});
