import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { renderDrillMark } from '../../src/artifact/drill-mark.ts';
import { drillKey } from '../../src/artifact/name.ts';
import type { TestDatabase } from '../services/database.ts';
import { createProduction, type Production } from './production.ts';
import { secretVariables, type Workspace } from './workspace.ts';

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
  await workspace.write('plans/dump-prod.yaml', dumpPlan('24h'));
});

afterEach(() => production.remove());

const dumpPlan = (rpo: string): string =>
  `description: Dumps\nenvironment: prod\nobjectives: { rpo: ${rpo} }\ntimeout: 5m\nsteps:\n  - task: postgres-dump\n  - task: artifact-verify\n`;

/** Two verified artifacts, of yesterday and of an hour ago. */
async function storeTwo(): Promise<void> {
  for (const hours of [25, 1]) {
    const createdAt = new Date(Date.now() - hours * 3_600_000);
    await workspace.storeStandIn(createdAt, { database: database.name });
  }
}

/** Marks the newest artifact as drilled, a day ago. */
async function drillNewest(): Promise<void> {
  const [key = ''] = (await workspace.artifactKeys())
    .filter((one) => one.endsWith('.manifest.json'))
    .slice(-1);
  const text = await readFile(join(workspace.repositoryFolder, key));
  const name = key.slice(0, -'.manifest.json'.length);
  const drilledAt = new Date(Date.now() - 86_400_000).toISOString();
  const manifestSha256 = createHash('sha256').update(text).digest('hex');
  await writeFile(
    join(workspace.repositoryFolder, drillKey(name)),
    renderDrillMark({
      format: 1,
      name,
      drilledAt,
      runId: 'drill-1',
      plan: 'drill',
      manifestSha256,
      recoveryMs: 1,
    }),
  );
}

async function json(...words: readonly string[]): Promise<unknown> {
  return JSON.parse((await workspace.run([...words, '--json'], variables)).stdout);
}

describe('status', () => {
  test('without any artifact misses the objective: exit 22 with --check, 0 without', async () => {
    expect((await workspace.run(['status', '--check'], variables)).code).toBe(22);
    const told = await workspace.run(['status'], variables);
    expect(told.code).toBe(0);
    expect(told.stdout).toMatch(/dump-prod .*missing/);
  });

  test('in a folder without plans is an error, not silence', async () => {
    await rm(join(workspace.folder, 'plans/dump-prod.yaml'));
    expect((await workspace.run(['status', '--check'], variables)).code).toBe(10);
    await workspace.write('plans/echo.yaml', 'environment: prod\ntimeout: 5m\nsteps:\n  - run: echo\n');
    expect((await workspace.run(['status', '--check'], variables)).code).toBe(21);
  });

  test('is late when the newest verified artifact is older than the RPO', async () => {
    await storeTwo();
    expect((await workspace.run(['status', '--check'], variables)).code).toBe(0);
    await workspace.write('plans/dump-prod.yaml', dumpPlan('59m'));
    expect((await workspace.run(['status', '--check'], variables)).code).toBe(22);
    expect(await json('status')).toMatchObject([
      { plan: 'dump-prod', freshness: { state: 'late', verified: 2 } },
    ]);
  });

  test('is no good news when the repository cannot be asked', async () => {
    await rm(workspace.repositoryFolder, { recursive: true });
    await production.declare({ repository: `{ folder: ${workspace.folder}/run-plan.yaml/below }` });
    const told = await workspace.run(['status', '--check'], variables);
    expect(told.code, told.text).toBe(20);
    expect(told.stdout).toContain('unknown');
  });
});

describe('diff and apply', () => {
  beforeEach(async () => {
    await workspace.write(
      'plans/prune-prod.yaml',
      'environment: prod\ntimeout: 5m\nretention: { keep-last: 1 }\nsteps:\n  - task: artifact-prune\n',
    );
    await storeTwo();
  });

  test('diff says what would go and why, and changes nothing; apply does exactly that once it is confirmed', async () => {
    const before = await workspace.artifactKeys();
    const shown = await workspace.run(['diff', 'prune-prod'], variables);
    expect(shown.code, shown.text).toBe(22);
    expect(shown.stdout).toMatch(/1 to remove/);
    expect(shown.stdout.match(/^- remove +pg_/gm)).toHaveLength(1);
    expect(shown.stdout.match(/^ +keep +pg_/gm)).toHaveLength(1);

    const unconfirmed = await workspace.run(['apply', 'prune-prod'], variables);
    expect(unconfirmed.code).toBe(2);
    expect(unconfirmed.text).toContain('--yes');
    expect(await workspace.artifactKeys()).toEqual(before);

    const applied = await workspace.run(['apply', 'prune-prod', '--yes'], variables);
    expect(applied.code, applied.text).toBe(0);
    const [, newest] = before.filter((key) => key.endsWith('.manifest.json'));
    expect((await workspace.artifactKeys()).filter((key) => key.endsWith('.manifest.json'))).toEqual([
      newest,
    ]);
    expect((await workspace.run(['diff', 'prune-prod'], variables)).code).toBe(0);
    expect(await json('history', 'prune-prod')).toMatchObject([
      { outcome: 'succeeded', steps: [{ id: 'artifact-prune' }] },
    ]);
  });

  test('nothing is removed while the newest artifact is not verified', async () => {
    const marks = (await workspace.artifactKeys()).filter((key) => key.endsWith('.verified.json'));
    await rm(join(workspace.repositoryFolder, marks[1] ?? ''));
    const shown = await workspace.run(['diff', 'prune-prod'], variables);
    expect(shown.code, shown.text).toBe(0);
    expect(shown.stdout).toMatch(/not verified/);
  });
});

test('list, show, artifacts and history tell people and programs the same', async () => {
  for (let run = 0; run < 2; run += 1) {
    const told = await workspace.run(['dump-prod'], variables);
    expect(told.code, told.text).toBe(0);
  }
  const list = await workspace.run(['list'], variables);
  expect(list.stdout).toMatch(
    /dump-prod +prod +- +- +succeeded .* ago +\d{4}-\d\d-\d\d \d\d:\d\d UTC +Dumps/,
  );
  expect(await json('list')).toMatchObject([
    { name: 'dump-prod', valid: true, lastRun: { outcome: 'succeeded' } },
  ]);
  expect((await workspace.run(['show', 'dump-prod'], variables)).stdout).toMatch(/1\. postgres-dump on prod/);
  expect(await json('show', 'dump-prod')).toMatchObject({
    plan: 'dump-prod',
    steps: [{ task: 'postgres-dump' }, {}],
  });
  expect((await workspace.run(['artifacts'], variables)).stdout.match(/ verified$/gm)).toHaveLength(2);
  expect(await json('artifacts', '--database', 'another')).toEqual([]);
  await drillNewest();
  expect((await workspace.run(['artifacts'], variables)).stdout).toMatch(
    / DRILLED {2}DRILLED AT {12}STATE\npg_.* 1d( \dm)? {2}\S+ \S+ UTC {2}verified\npg_.* - {2}- {20} verified\n$/,
  );
  expect(await json('artifacts')).toMatchObject([{ drilledAt: expect.any(String) }, { drilledAt: null }]);
  const history = (await json('history')) as { runId: string }[];
  expect(history).toHaveLength(2);

  // Another host has no journals of its own and finds the same runs in the repository.
  const elsewhere = { ...variables, STATE_DIRECTORY: join(workspace.folder, 'another-state') };
  expect((await workspace.run(['history'], elsewhere)).stdout).toBe('no runs\n');
  const told = await workspace.run(['history', '--repository', '--json'], elsewhere);
  expect((JSON.parse(told.stdout) as { runId: string }[]).map(({ runId }) => runId)).toEqual(
    history.map(({ runId }) => runId),
  );
});

test.each([['artifacts'], ['restore', '--list']])(
  'run-plan %s in a folder without plans says so, and not that there are no artifacts',
  async (...words) => {
    await rm(join(workspace.folder, 'plans'), { recursive: true });
    const { code, stdout, text } = await workspace.run(words, variables);
    expect(code).toBe(10);
    expect(stdout).toBe('');
    expect(text).toMatch(/there are no plans in .*\n.*--config/);
  },
);
