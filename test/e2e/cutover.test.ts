import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { renderDrillMark } from '../../src/artifact/drill-mark.ts';
import { drillKey } from '../../src/artifact/name.ts';
import { dropDatabase, type TestDatabase } from '../services/database.ts';
import { createProduction } from './production.ts';
import { secretVariables, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
let workspace: Workspace;
let database: TestDatabase;

beforeEach(async () => {
  ({ workspace, database } = await createProduction(
    services,
    'create table orders as select n from generate_series(1, 10) n',
    { more: '    protected: true\n' },
  ));
  await workspace.write(
    'plans/dump-prod.yaml',
    'environment: prod\ntimeout: 5m\nsteps:\n  - task: postgres-dump\n  - task: artifact-verify\n',
  );
});

afterEach(async () => {
  for (const name of await databases()) await dropDatabase(services, { ...database, name });
  await workspace.remove();
});

/** The live database and those that cutovers have made of it. */
async function databases(): Promise<readonly string[]> {
  const client = new pg.Client({ ...database.connection, database: 'postgres' });
  await client.connect();
  try {
    const sql = `select datname as name from pg_database where datname ~ $1 order by 1`;
    return (await client.query<{ name: string }>(sql, [`^${database.name}(_|$)`])).rows.map(
      ({ name }) => name,
    );
  } finally {
    await client.end();
  }
}

/** The runbook's way back into production, with a watch of seconds. */
function cutoverPlan(probe: string): string {
  return `environment: prod
writes: prod
timeout: 5m
steps:
  - task: drill-require
    with: { max-age: 100d }
  - task: postgres-restore
    with: { artifact: "\${steps.drill-require.artifact}", database: "\${run.scratch}", same-server: true }
  - task: restore-compare
  - task: postgres-cutover
  - task: service-monitor
    with: { for: 2s, every: 1s, sql: [{ name: probe, sql: "${probe}" }], roll-back-to: "\${steps.postgres-cutover.previous}" }
cleanup:
  - task: postgres-drop
    with: { keep-on-failure: true }
`;
}

async function drillNewest(): Promise<void> {
  const [key = ''] = (await workspace.artifactKeys()).filter((one) => one.endsWith('.manifest.json'));
  const manifestSha256 = createHash('sha256')
    .update(await readFile(join(workspace.repositoryFolder, key)))
    .digest('hex');
  const name = key.slice(0, -'.manifest.json'.length);
  const run = { runId: 'drill-1', plan: 'drill-prod', recoveryMs: 1000 };
  const mark = renderDrillMark({
    format: 1,
    name,
    drilledAt: new Date().toISOString(),
    manifestSha256,
    ...run,
  });
  await writeFile(join(workspace.repositoryFolder, drillKey(name)), mark);
}

test('production comes back from a drilled artifact, and goes back again when the watch misses a bound', async () => {
  expect((await workspace.run(['dump-prod'], variables)).code).toBe(0);
  await workspace.write('plans/cutover-prod.yaml', cutoverPlan('select count(*) = 10 from orders'));
  const run = ['cutover-prod', '--yes', 'prod'];
  const undrilled = await workspace.run(run, variables);
  expect(undrilled.code, undrilled.text).toBe(20);
  expect(undrilled.text).toContain('Drill it first');
  await drillNewest();

  await database.query('insert into orders values (11)');
  const done = await workspace.run(run, variables);
  expect(done.code, done.text).toBe(0);
  expect(await database.query('select count(*)::int as n from orders')).toEqual([{ n: 10 }]);
  expect(await databases()).toEqual([database.name, expect.stringContaining('_before_')]);

  await database.query('insert into orders values (12)');
  await workspace.write('plans/cutover-prod.yaml', cutoverPlan('select count(*) = 11 from orders'));
  const back = await workspace.run(run, variables);
  expect(back.code, back.text).toBe(21);
  expect(back.text).toContain('rolled back');
  expect(await database.query('select count(*)::int as n from orders')).toEqual([{ n: 11 }]);
  expect(await databases()).toEqual([
    database.name,
    expect.stringContaining('_before_'),
    expect.stringContaining('_failed_'),
  ]);
});
