import { hostname } from 'node:os';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { startReceiver, type Receiver } from '../services/receiver.ts';
import { until } from '../fixtures/until.ts';
import { createProduction, type Production } from './production.ts';
import { nightlyPlan, postgresYaml, secretVariables, type Told, type Workspace } from './workspace.ts';

const services = inject('services');
let production: Production;
let workspace: Workspace;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
  production = await createProduction(
    services,
    'create table bookings as select generate_series(1, 300) as id',
    {
      more: '    alerts: [{ webhook: { url: { env: HOOK }, format: json } }]\n',
      others: `  staging: { postgres: ${postgresYaml(services, 'postgres')} }\n`,
    },
  );
  ({ workspace } = production);
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
  await workspace.write(
    'plans/watch.yaml',
    'environment: prod\ntimeout: 5m\nsteps: [{ task: artifact-check, with: { max-age: 1d } }]\n',
  );
  await writeDrill('1h');
});

afterEach(async () => {
  await receiver.stop();
  await production.remove();
});

/** The drill, whose question may stay open for so long. */
function writeDrill(within: string): Promise<void> {
  return workspace.write(
    'plans/drill.yaml',
    `environment: staging
objectives: { rto: 1h }
alerts: { sign-off-within: ${within} }
timeout: 10m
steps:
  - task: postgres-restore
    with: { from: prod, database: "\${run.scratch}", same-server: true }
  - task: restore-compare
  - confirm: Create a booking
cleanup:
  - task: postgres-drop
`,
  );
}

interface Heard {
  readonly event: string;
  readonly title: string;
  readonly text: string;
}

/** Runs a plan that must go well, and gives what was heard of it. */
async function hear(plan: string): Promise<readonly Heard[]> {
  const before = receiver.requests.length;
  expectGood(
    await workspace.run([plan], {
      ...secretVariables(services),
      HOOK: `${receiver.origin}/hook`,
      INVOCATION_ID: '',
    }),
  );
  return receiver.requests.slice(before).map(({ body }) => JSON.parse(body) as Heard);
}

function expectGood(told: Told): void {
  expect(told.code, told.text).toBe(0);
}

test('a drill tells its result; its question is told while nobody answers it, and no more once somebody has', async () => {
  expect(await hear('nightly-prod')).toEqual([]);
  const [artifact = 'none'] = (await workspace.artifactKeys()).map((key) => key.split('.')[0]);

  const [result, ...others] = await hear('drill');
  expect(others).toEqual([]);
  expect(result).toMatchObject({ event: 'drill-result', title: `drill passed: drill on ${hostname()}` });
  expect(JSON.stringify(result)).toMatch(
    new RegExp(
      `Passed: ${artifact} was restored in \\d.*, within the RTO of 1h \\(300 rows compared.*\\)\\. Open sign-offs: 1\\.`,
    ),
  );

  const [first] = await workspace.records('drill');
  const asked = Date.parse(first?.finishedAt ?? '');
  expect(await hear('watch')).toEqual([]);
  await writeDrill('1s');
  await until('the question is late', () => Promise.resolve(Date.now() > asked + 1000));
  expect(await hear('watch')).toMatchObject([
    { event: 'sign-off-open', title: expect.stringMatching(/^a sign-off open for \d.*: drill$/) as string },
  ]);
  const reminder = receiver.requests.at(-1)?.body ?? '';
  expect(reminder).toContain('confirm-1: Create a booking');
  expect(reminder).toContain(`run-plan sign-off ${first?.runId ?? 'none'} --check confirm-1 --by NAME`);
  expect(await hear('watch')).toEqual([]);

  // The next run asks the same: it is as late as before, and answered in the newest.
  expect((await hear('drill')).map(({ event }) => event)).toEqual(['drill-result', 'sign-off-open']);
  const second = (await workspace.records('drill')).at(-1)?.runId ?? 'none';
  expect(receiver.requests.at(-1)?.body).toContain(`run-plan sign-off ${second} --check confirm-1 --by NAME`);

  expectGood(
    await workspace.run(
      ['sign-off', second, '--check', 'confirm-1', '--by', 'mira'],
      secretVariables(services),
    ),
  );
  expect(await hear('watch')).toEqual([]);
  await writeDrill('1h');
  expect((await hear('drill')).map(({ event }) => event)).toEqual(['drill-result']);
});
