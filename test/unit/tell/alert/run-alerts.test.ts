import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { journalFolder } from '../../../../src/base/state-folder.ts';
import type { RunEvent } from '../../../../src/run/record/event.ts';
import type { ToldAlert } from '../../../../src/tell/alert/ledger.ts';
import { createRunAlerts } from '../../../../src/tell/alert/run-alerts.ts';
import type { RunAlertsOptions } from '../../../../src/tell/alert/run-messages.ts';
import { composeSignOff } from '../../../../src/tell/alert/open-sign-offs.ts';
import type { FinishedRun } from '../../../../src/run/run-host.ts';
import type { Environment } from '../../../../src/language/environment/environment.ts';
import { systemClock } from '../../../../src/base/clock.ts';
import type { Plan } from '../../../../src/language/plan/plan.ts';
import type { DrillEvidence } from '../../../../src/language/generated/drill-evidence.types.ts';
import type { RunRecord } from '../../../../src/language/generated/run-record.types.ts';
import { channelsIn, surroundingsOf } from '../../../fixtures/alerts.ts';
import { fakePipeline } from '../../../fixtures/fake-run.ts';
import { memoryRepository } from '../../../fixtures/memory-repository.ts';

let folder: string;
let warned: string[];

beforeEach(async () => {
  warned = [];
  folder = await mkdtemp(join(tmpdir(), 'run-plan-alerts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const record: RunRecord = {
  format: 1,
  runId: 'nightly-20261124T020000Z-3fa9',
  plan: 'nightly',
  planHash: 'f',
  environment: 'prod',
  host: 'db1',
  pid: 1,
  versions: {},
  parameters: {},
  complete: true,
  outcome: 'succeeded',
  exitCode: 0,
  startedAt: '2026-11-24T02:00:00.000Z',
  finishedAt: '2026-11-24T02:05:00.000Z',
  durationMs: 300_000,
  stepsDurationMs: 290_000,
  bytes: 0,
  warnings: [],
  interruptedRuns: [],
  steps: [],
};
const failed = (code: string, message = 'it broke'): RunRecord => ({
  ...record,
  outcome: 'failed',
  exitCode: 20,
  error: { code, message },
});

/** A channel that appends event and title to a file. */
const writes = (file: string, more = ''): string =>
  `- command: { run: 'echo "$RUN_PLAN_EVENT $RUN_PLAN_TITLE" >> ${file}'${more} }`;

interface Case {
  readonly environments: Readonly<Record<string, string>>;
  readonly plan?: Partial<Plan>;
  readonly now?: string;
}

/** Tells a run to the channels of these environments; gives what was reported. */
async function tell(run: RunRecord, { environments, plan, now }: Case): Promise<readonly ToldAlert[]> {
  const known = Object.entries(environments).map(([name, yaml]): Environment => ({
    name,
    protected: false,
    alerts: channelsIn(yaml, name),
  }));
  const [own] = known;
  if (own === undefined) throw new Error('no environment');
  const pipeline = {
    ...fakePipeline([], { name: 'nightly', environment: own.name, ...plan }),
    environment: own,
    environments: new Map(known.map((environment) => [environment.name, environment])),
  };
  const clock = { ...systemClock, ...(now !== undefined && { now: () => new Date(now) }) };
  const options: RunAlertsOptions = {
    ...surroundingsOf({}, { clock, workingFolder: folder }),
    stateFolder: folder,
    invocation: undefined,
    drills: [],
    environmentsText: undefined,
  };
  const finished: FinishedRun = {
    record: run,
    pipeline,
    restored: new Map(),
    repository: undefined,
    openRepository: () => Promise.resolve(memoryRepository()),
    signal: new AbortController().signal,
    warn: (text) => warned.push(text),
  };
  const reported: ToldAlert[] = [];
  await createRunAlerts(options).finished(finished, (alert) => reported.push(alert));
  return reported;
}

const heard = async (file: string): Promise<readonly string[]> =>
  (await readFile(join(folder, file), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

describe('one run has one message', () => {
  test.each([
    ['failed FAILED: nightly on db1', failed('command-failed')],
    ['failed CANCELLED: nightly on db1', { ...failed('terminated'), outcome: 'cancelled' }],
    ['objective-missed OBJECTIVE MISSED: nightly on db1', failed('objective-missed')],
    ['drift DRIFT: nightly on db1', failed('drift-found')],
    [
      'warning warning: nightly on db1 succeeded with a warning',
      { ...record, warnings: ['the key expires soon'] },
    ],
  ] satisfies [string, RunRecord][])('%s', async (line, run) => {
    await tell(run, { environments: { prod: writes('heard') } });
    expect(await heard('heard')).toEqual([line]);
  });

  test('none for a run that went well, and none for one that found its plan locked', async () => {
    await tell(record, { environments: { prod: writes('heard') } });
    await tell(failed('locked'), { environments: { prod: writes('heard') } });
    expect(await heard('heard')).toEqual([]);
    await tell(record, { environments: { prod: writes('heard') } });
    expect(await heard('heard')).toEqual([]);
  });
});

test('a channel hears what it asks for; a missed objective and drift are failures as well', async () => {
  const environments = {
    prod: [
      writes('failures', ', events: [failed]'),
      writes('drift', ', events: [drift]'),
      writes('others', ', plans: [weekly]'),
    ].join('\n'),
  };
  await tell(failed('drift-found'), { environments });
  await tell(failed('objective-missed'), { environments });
  await tell(failed('command-failed'), { environments });
  expect(await heard('failures')).toHaveLength(3);
  expect(await heard('drift')).toHaveLength(1);
  expect(await heard('others')).toEqual([]);
});

test('everybody whose environment a plan uses is told, once; pings are of its own environment alone', async () => {
  const reported = await tell(failed('command-failed'), {
    environments: {
      staging: writes('both'),
      prod: `${writes('both')}\n${writes('prod')}\n- ping: { url: { env: NOWHERE } }`,
    },
  });
  expect(await heard('both')).toHaveLength(1);
  expect(await heard('prod')).toHaveLength(1);
  expect(reported.map(({ channel }) => channel).sort()).toEqual(['prod command 2', 'staging command']);
});

test('a failure that could not be delivered is told again at once, and only there', async () => {
  const environments = { prod: `${writes('first')}\n- command: { argv: [/nowhere/page], timeout: 5s }` };
  await expect(tell(failed('command-failed'), { environments })).rejects.toMatchObject({
    code: 'alert-undelivered',
  });
  const options = tell(failed('command-failed'), { environments });
  await expect(options).rejects.toThrow('prod command 2 (failed)');
  expect(await heard('first')).toHaveLength(1);
});

describe('a recovery that a channel could not be told', () => {
  const environments = (): Record<string, string> => ({
    prod: `${writes('others')}\n- command: { argv: [${join(folder, 'pager')}] }`,
  });
  const again: RunRecord = { ...record, runId: 'nightly-20261125T020000Z-4a00' };
  const recovered = 'recovered recovered: nightly on db1, after a failure since 2026-11-24 02:00 UTC';

  /** The second channel takes nothing while its program is away. */
  async function pager(state: 'up' | 'down'): Promise<void> {
    const [from, to] = state === 'up' ? ['away', 'pager'] : ['pager', 'away'];
    await rename(join(folder, from), join(folder, to));
  }

  beforeEach(async () => {
    const script = '#!/bin/sh\necho "$RUN_PLAN_EVENT $RUN_PLAN_TITLE" >> paged\n';
    await writeFile(join(folder, 'pager'), script, { mode: 0o755 });
    await tell(failed('command-failed'), { environments: environments() });
    await pager('down');
    await expect(tell(record, { environments: environments() })).rejects.toThrow(
      'prod command 2 (recovered)',
    );
    expect((await heard('others')).slice(1, 2)).toEqual([recovered]);
  });

  test('is told by the next run that goes well, to it alone, and once', async () => {
    await expect(tell(again, { environments: environments() })).rejects.toThrow('prod command 2 (recovered)');
    await pager('up');
    const told = await tell(again, { environments: environments() });
    expect(told.map(({ channel, event }) => [channel, event])).toEqual([['prod command 2', 'recovered']]);
    expect((await heard('paged')).slice(1)).toEqual([recovered]);
    expect(await tell(again, { environments: environments() })).toEqual([]);
  });

  test('comes before the next failure', async () => {
    await pager('up');
    await tell({ ...failed('command-failed'), runId: again.runId }, { environments: environments() });
    expect((await heard('paged')).slice(1)).toEqual([recovered, 'failed FAILED: nightly on db1']);
    expect((await heard('others')).slice(-1)).toEqual(['failed FAILED: nightly on db1']);
  });

  test('is over when that very run turns out to be red', async () => {
    await expect(tell(failed('repository-unreachable'), { environments: environments() })).rejects.toThrow(
      'an alert was not delivered: prod command 2 (failed)',
    );
  });

  test('is over when there is a newer one', async () => {
    const red = { ...failed('command-failed'), runId: again.runId };
    await expect(tell(red, { environments: environments() })).rejects.toThrow(
      /^2 alerts were not delivered: prod command 2 \(recovered\).*prod command 2 \(failed\)/,
    );
    await pager('up');
    await tell({ ...again, runId: 'nightly-20261126T020000Z-51c3' }, { environments: environments() });
    expect((await heard('paged')).slice(1)).toEqual([recovered]);
  });
});

test('warnings are told every week, and reminders of a failure say since when', async () => {
  const environments = { prod: writes('heard') };
  const warned = { ...record, warnings: ['the key expires soon'] };
  for (const day of ['24', '25', '26', '27'])
    await tell(warned, { environments, now: `2026-11-${day}T02:00:00Z` });
  expect(await heard('heard')).toHaveLength(1);
  await tell(failed('command-failed'), { environments, now: '2026-11-28T02:00:00Z' });
  await tell(failed('command-failed'), { environments, now: '2026-11-28T02:30:00Z' });
  await tell(failed('command-failed'), { environments, now: '2026-11-28T03:30:00Z' });
  expect((await heard('heard')).slice(1)).toEqual([
    'failed FAILED: nightly on db1',
    'failed STILL FAILING: nightly on db1 (3 times since 2026-11-24 02:00 UTC)',
  ]);
});

test('damaged notes are warnings of a run and of its message, with their file and place', async () => {
  const environments = { prod: writes('heard') };
  const proof = { alerts: { proofWithinMs: week } } as Partial<Plan>;
  await tell(record, { environments });
  await writeFile(join(folder, 'alerts/nightly.json'), '{"format":1,"repea');
  await writeFile(join(folder, 'alert-proofs.json'), '{"format":2,"channels":{}}');
  await tell(record, { environments });
  expect(warned).toEqual([expect.stringMatching(/alerts\/nightly\.json is not JSON at line 1/)]);
  expect(await heard('heard')).toEqual(['warning warning: nightly on db1 succeeded with a warning']);
  await tell(record, { environments, plan: proof }).catch(() => undefined);
  expect(warned.slice(1)).toEqual([expect.stringMatching(/alert-proofs\.json is not valid: .* at \/format/)]);
});

test('a damaged memory is an empty one', async () => {
  const environments = { prod: writes('heard') };
  await tell(failed('command-failed'), { environments });
  await writeFile(join(folder, 'alerts/nightly.json'), '{"format":1,"repea');
  await tell(failed('command-failed'), { environments });
  expect(await heard('heard')).toEqual(['failed FAILED: nightly on db1', 'failed FAILED: nightly on db1']);
});

/** As a run of this host has left it. */
async function leaveJournal(
  runId: string,
  startedAt: string,
  outcome: 'succeeded' | 'failed',
): Promise<void> {
  const { plan, planHash, environment, host, pid } = record;
  const known = { runId, plan, planHash, environment, host, pid, versions: {}, parameters: {}, steps: [] };
  const events: readonly RunEvent[] = [
    { type: 'run-started', at: startedAt, ...known },
    { type: 'run-finished', at: startedAt, outcome, exitCode: outcome === 'failed' ? 20 : 0, durationMs: 1, stepsDurationMs: 1 },
  ]; // prettier-ignore
  const journals = journalFolder(folder, plan);
  await mkdir(journals, { recursive: true });
  await writeFile(
    join(journals, `${runId}.jsonl`),
    events.map((event) => `${JSON.stringify(event)}\n`).join(''),
  );
}

test('a recovery is told although the memory is damaged, by what the journals know; the damaged file is kept', async () => {
  const environments = { prod: writes('heard') };
  await leaveJournal('nightly-20261120T020000Z-0001', '2026-11-20T02:00:00.000Z', 'failed');
  await leaveJournal('nightly-20261121T020000Z-0002', '2026-11-21T02:00:00.000Z', 'succeeded');
  await leaveJournal('nightly-20261122T020000Z-0003', '2026-11-22T02:00:00.000Z', 'failed');
  await leaveJournal('nightly-20261123T020000Z-0004', '2026-11-23T02:00:00.000Z', 'failed');
  await mkdir(join(folder, 'alerts'), { recursive: true });
  await writeFile(join(folder, 'alerts/nightly.json'), '{"format":1,"repea');
  await tell(record, { environments });
  expect(await heard('heard')).toEqual([
    'recovered recovered: nightly on db1, after 2 failures since 2026-11-22 02:00 UTC',
  ]);
  expect(warned).toEqual([expect.stringMatching(/it is kept as nightly\.json\.damaged/)]);
  expect(await readFile(join(folder, 'alerts/nightly.json.damaged'), 'utf8')).toBe('{"format":1,"repea');
});

const week = 7 * 86_400_000;

/** A drill of a day in November that asked twice. */
function drillOf(day: string, state: 'open' | 'signed', text = 'View an invoice'): DrillEvidence {
  return {
    runId: `drill-202611${day}T020000Z-0001`,
    plan: 'drill',
    where: { environment: 'staging' },
    run: { finishedAt: `2026-11-${day}T03:00:00.000Z` },
    signOffs: [
      { check: 'confirm-1', text, state },
      { check: 'confirm-2', text: 'Create a booking', state: 'signed' },
    ],
  } as unknown as DrillEvidence;
}

test('a sign-off is told when it is open for longer than its time', () => {
  const drills = [drillOf('01', 'open')];
  expect(composeSignOff(drills, week, new Date('2026-11-08T02:00:00Z'), 'db1')).toBeUndefined();
  expect(composeSignOff(drills, week, new Date('2026-11-10T03:00:00Z'), 'db1')).toMatchObject({
    events: ['sign-off-open'],
    title: 'a sign-off open for 9d: drill',
    since: { at: '2026-11-01T03:00:00.000Z', count: 1 },
    lines: ['confirm-1: View an invoice'],
    commands: ['run-plan sign-off drill-20261101T020000Z-0001 --check confirm-1 --by NAME'],
  });
});

test('a question that run after run asks is as old as the first that nobody answered', () => {
  const now = new Date('2026-11-22T04:00:00Z');
  const silent = { ...drillOf('20', 'open'), signOffs: [] };
  const drills = [drillOf('22', 'open'), silent, drillOf('15', 'open'), drillOf('08', 'open')];
  const late = composeSignOff([...drills, drillOf('02', 'signed'), drillOf('01', 'open')], week, now, 'db1');
  expect(late).toMatchObject({
    title: 'a sign-off open for 14d 1h: drill',
    since: { at: '2026-11-08T03:00:00.000Z', count: 3 },
    commands: ['run-plan sign-off drill-20261122T020000Z-0001 --check confirm-1 --by NAME'],
  });
  expect(composeSignOff(drills.slice(1), week, now, 'db1')).toBeUndefined();
  expect(composeSignOff([drillOf('22', 'signed'), ...drills], week, now, 'db1')).toBeUndefined();
  const another = [drillOf('22', 'open', 'View a refund'), ...drills.slice(1)];
  expect(composeSignOff(another, week, now, 'db1')).toBeUndefined();
});
