import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeDamage } from '../../../../src/base/document.ts';
import { Failure } from '../../../../src/base/failure.ts';
import type { RunEvent } from '../../../../src/run/record/event.ts';
import { closeInterrupted } from '../../../../src/run/record/interrupted.ts';
import { openJournal } from '../../../../src/run/record/journal.ts';
import { parseJournal } from '../../../../src/run/record/read-journal.ts';
import { journalFile } from '../../../../src/base/state-folder.ts';
import { listRecords, recordKey, storeRecord } from '../../../../src/run/record/store.ts';
import { foldEvents } from '../../../../src/run/record/fold.ts';
import { memoryRepository } from '../../../fixtures/memory-repository.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-plan-journal-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function startedEvent(runId: string): RunEvent {
  return {
    type: 'run-started',
    at: '2025-01-01T02:00:00.000Z',
    runId,
    plan: 'fake',
    planHash: 'f',
    environment: 'prod',
    host: 'db1',
    pid: 1,
    versions: {},
    parameters: {},
    steps: [{ id: 'a', name: 'a', phase: 'steps', action: 'run' }],
  };
}

const finishedEvent: RunEvent = {
  type: 'run-finished',
  at: '2025-01-01T02:01:00.000Z',
  outcome: 'succeeded',
  exitCode: 0,
  durationMs: 60_000,
  stepsDurationMs: 1,
};

const line = (text: string): RunEvent => ({
  type: 'step-output',
  at: '2025-01-01T02:00:01.000Z',
  step: 'a',
  stream: 'stdout',
  line: text,
});

function eventsOf(file: string): readonly RunEvent[] {
  return existsSync(file) ? parseJournal(readFileSync(file, 'utf8')) : [];
}

/** Writes the journal of a run that was killed in step `a`, as it would have. */
function writeKilled(runId: string): void {
  const journal = openJournal(journalFile(folder, 'fake', runId));
  journal.handle(startedEvent(runId));
  journal.begin();
  journal.handle({ type: 'step-started', at: '2025-01-01T02:00:01.000Z', step: 'a', attempt: 1 });
}

test('every event is in the file at once, readable by its owner only; progress is not', async () => {
  const file = journalFile(folder, 'fake', 'r');
  await using journal = openJournal(file);
  journal.handle(startedEvent('r'));
  journal.begin();
  journal.handle({
    type: 'step-progress',
    at: '2025-01-01T02:00:01.000Z',
    step: 'a',
    bytes: 1,
    elapsedMs: 1,
  });
  journal.handle(line('x'));
  expect(eventsOf(file)).toEqual([startedEvent('r'), line('x')]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a run that never begins is written as a whole when it closes', async () => {
  const file = journalFile(folder, 'fake', 'r');
  const journal = openJournal(file);
  journal.handle(startedEvent('r'));
  expect(eventsOf(file)).toEqual([]);
  journal.handle(finishedEvent);
  await journal.close();
  expect(eventsOf(file)).toEqual([startedEvent('r'), finishedEvent]);
});

test('an existing journal is never written over', async () => {
  const file = journalFile(folder, 'fake', 'r');
  const first = openJournal(file);
  first.handle(startedEvent('r'));
  await first.close();
  const second = openJournal(file);
  second.handle(startedEvent('other'));
  await second.close();
  expect(second.failure()?.code).toBe('record-not-stored');
  expect(eventsOf(file)).toEqual([startedEvent('r')]);
});

test('a journal that cannot be written is a failure to ask for and never throws', async () => {
  writeFileSync(join(folder, 'runs'), 'a file where a folder must be');
  const journal = openJournal(journalFile(folder, 'fake', 'r'));
  journal.handle(startedEvent('r'));
  journal.begin();
  journal.handle(finishedEvent);
  await journal.close();
  expect(journal.failure()).toBeInstanceOf(Failure);
});

test('endless output fills neither the disk nor hides the last 200 lines', async () => {
  const file = journalFile(folder, 'fake', 'r');
  const journal = openJournal(file);
  journal.handle(startedEvent('r'));
  journal.begin();
  for (let index = 0; index < 20_000; index += 1)
    journal.handle(line(`${'x'.repeat(1000)} ${String(index)}`));
  journal.handle({
    type: 'step-finished',
    at: '2025-01-01T02:00:02.000Z',
    step: 'a',
    outcome: 'succeeded',
    durationMs: 1,
    attempts: 1,
  });
  await journal.close();
  expect(statSync(file).size).toBeLessThan(4 * 1024 * 1024);
  const output = foldEvents(eventsOf(file))?.steps[0]?.output ?? [];
  expect(output.map((one) => one.line.slice(1001))).toEqual(
    Array.from({ length: 200 }, (_, index) => String(19_800 + index)),
  );
});

test('an interrupted run is found once, with the step that it was in, and its folder goes', async () => {
  writeKilled('fake-20250101T020000Z-0001');
  const at = new Date('2025-01-02T02:00:00Z');
  const found = await closeInterrupted(folder, 'fake', 'fake-20250102T020000Z-0002', at);
  expect(found).toMatchObject([
    { runId: 'fake-20250101T020000Z-0001', step: 'a', lastEventAt: '2025-01-01T02:00:01.000Z' },
  ]);
  expect(await closeInterrupted(folder, 'fake', 'fake-20250102T020000Z-0002', at)).toEqual([]);
  const { records } = await listRecords({ stateFolder: folder }, { plan: 'fake' });
  expect(records).toMatchObject([{ complete: false, exitCode: null, error: { code: 'interrupted' } }]);
});

test('a journal that was cut in its last line is closed on a line of its own', async () => {
  writeKilled('fake-20250101T020000Z-0001');
  const file = journalFile(folder, 'fake', 'fake-20250101T020000Z-0001');
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, -20));
  await closeInterrupted(folder, 'fake', 'x', new Date());
  expect(eventsOf(file).map(({ type }) => type)).toEqual(['run-started', 'run-finished']);
});

test('the records of repository and state folder are merged, newest first, this host’s word first', async () => {
  const repository = memoryRepository();
  const ids = ['fake-20250101T020000Z-0001', 'fake-20250102T020000Z-0002', 'fake-20250103T020000Z-0003'];
  for (const id of ids.slice(0, 2)) {
    const record = foldEvents([startedEvent(id), finishedEvent]);
    if (record !== undefined) await storeRecord(repository, record);
  }
  writeKilled(ids[1] ?? '');
  writeKilled(ids[2] ?? '');
  const { records } = await listRecords({ repository, stateFolder: folder }, { plan: 'fake', limit: 2 });
  expect(records.map(({ runId, complete }) => [runId, complete])).toEqual([
    [ids[2], false],
    [ids[1], false],
  ]);
  expect((await listRecords({ repository }, { plan: 'fake' })).records.map(({ runId }) => runId)).toEqual([
    ids[1],
    ids[0],
  ]);
});

test('a damaged record is named and hides no other', async () => {
  const repository = memoryRepository();
  await repository.put(recordKey('fake', 'fake-1'), '{"format":1}');
  await repository.put(recordKey('fake', 'fake-2'), '{');
  const { records, damaged } = await listRecords({ repository }, { plan: 'fake' });
  expect(records).toEqual([]);
  expect(damaged.map((damage) => describeDamage(damage))).toEqual([
    "runs/fake/fake-1.json is not valid: must have required property 'runId'",
    'runs/fake/fake-2.json is not JSON at line 1, column 2',
  ]);
});

test('a record larger than is read again is stored with the last lines of its steps, or without the largest facts', async () => {
  const record = foldEvents([startedEvent('fake-20250101T020000Z-0001'), finishedEvent]);
  const [step] = record?.steps ?? [];
  if (record === undefined || step === undefined) throw new Error('no record');
  const lines = Array.from({ length: 200 }, (_, at) => ({
    stream: 'stdout' as const,
    line: `${at}`.padEnd(4096, '.'),
  }));
  const talkative = Array.from({ length: 60 }, (_, at) => ({ ...step, id: `step-${at}`, output: lines }));
  const full = { ...step, id: 'full', facts: { all: 'x'.repeat(40_000_000) } };
  const small = { ...step, id: 'small', facts: { some: 1 } };
  for (const steps of [talkative, [small, full]]) {
    const repository = memoryRepository();
    await storeRecord(repository, { ...record, steps });
    const { records, damaged } = await listRecords({ repository }, { plan: 'fake' });
    expect(damaged).toEqual([]);
    expect(records[0]?.warnings).toEqual([
      expect.stringContaining('the record would have been too large: ') as string,
    ]);
    expect(records[0]?.steps.map(({ id }) => id)).toEqual(steps.map(({ id }) => id));
    if (steps === talkative) expect(records[0]?.steps[0]?.output).toEqual(lines.slice(100));
    else expect(records[0]?.steps.map(({ facts }) => facts)).toEqual([{ some: 1 }, undefined]);
  }
});
