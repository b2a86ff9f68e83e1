import { randomInt } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import type { TestDatabase } from '../services/database.ts';
import { until } from '../fixtures/until.ts';
import { createProduction, type Production } from './production.ts';
import { secretVariables, type StartedCommand, type Workspace } from './workspace.ts';

const services = inject('services');
const variables = secretVariables(services);
let production: Production;
let workspace: Workspace;
let database: TestDatabase;

beforeEach(async () => {
  production = await createProduction(
    services,
    'create table orders as select n from generate_series(1, 1000) n',
  );
  ({ workspace, database } = production);
});

afterEach(() => production.remove());

/** Command lines of living processes that mention a text. */
async function processesWith(text: string): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const lines = await Promise.all(
    ids.map(async (id) =>
      (await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
    ),
  );
  return lines.filter((line) => line.includes(text));
}

const marker = (): string => `sleep 98${String(randomInt(1_000_000, 9_999_999))}`;

async function writeSlowPlan(): Promise<string> {
  const slow = marker();
  await workspace.write(
    'plans/slow.yaml',
    `environment: prod\ntimeout: 10m\nsteps:\n  - task: postgres-dump\n  - task: artifact-verify\n  - run: |\n      echo the slow step runs\n      (${slow} & ${slow}; wait)\ncleanup:\n  - run: echo cleaned up > cleaned\n    cwd: ${workspace.folder}\n`,
  );
  return slow;
}

/** Sends the signal; the run is cancelled, has cleaned up and left no process. */
async function expectEnds(run: StartedCommand, signal: 'SIGINT' | 'SIGTERM', slow: string): Promise<void> {
  const code = signal === 'SIGINT' ? 130 : 143;
  run.process.kill(signal);
  const told = await run.ended;
  expect(told.code, told.text).toBe(code);
  expect(await readFile(join(workspace.folder, 'cleaned'), 'utf8')).toBe('cleaned up\n');
  expect(await processesWith(slow)).toEqual([]);
  const records = (await workspace.records('slow')).filter(({ error }) => error?.code !== 'locked');
  expect(records).toMatchObject([{ outcome: 'cancelled', exitCode: code }]);
}

test('SIGINT cancels, cleans up, and exits 130', async () => {
  const slow = await writeSlowPlan();
  const run = workspace.start(['slow'], variables);
  await run.said(/the slow step runs/);
  await expectEnds(run, 'SIGINT', slow);
});

test('a second run exits 12 and names the first, also from another host; SIGTERM cancels that, cleans up, and exits 143', async () => {
  const slow = await writeSlowPlan();
  const first = workspace.start(['slow'], variables);
  await first.said(/the slow step runs/);
  const second = await workspace.run(['slow'], variables);
  expect(second.code, second.text).toBe(12);
  const [journal] = await workspace.journals('slow');
  expect(second.text).toContain(String(journal?.[0]?.['runId']));
  // Only the database knows.
  const elsewhere = { ...variables, STATE_DIRECTORY: join(workspace.folder, 'another-state') };
  const third = await workspace.run(['slow'], elsewhere);
  expect(third.code, third.text).toBe(12);
  await expectEnds(first, 'SIGTERM', slow);
});

test('a killed run leaves no process and no lock, and the next run names it', async () => {
  const slow = await writeSlowPlan();
  const run = workspace.start(['slow'], variables);
  await run.said(/the slow step runs/);
  run.process.kill('SIGKILL');
  await run.ended;
  await until('no process of the killed run is left', async () => (await processesWith(slow)).length === 0);
  await until('its database sessions are gone', async () => {
    const sessions = await database.query<{ count: string }>(
      `select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return sessions[0]?.count === '0';
  });
  const [journal] = await workspace.journals('slow');
  const killed = String(journal?.[0]?.['runId']);

  await workspace.write(
    'plans/slow.yaml',
    'environment: prod\ntimeout: 10m\nsteps:\n  - task: postgres-dump\n  - task: artifact-verify\n',
  );
  const next = await workspace.run(['slow'], variables);
  expect(next.code, next.text).toBe(0);
  expect(next.text).toContain(killed);
  expect(next.text).toMatch(/interrupted/);
  expect((await workspace.run(['slow'], variables)).text).not.toContain(killed);
});
