import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { runPipeline } from '../../../src/run/run-pipeline.ts';
import { parseJournal } from '../../../src/run/record/read-journal.ts';
import { journalFile } from '../../../src/base/state-folder.ts';
import { fakeHost, fakePipeline, fakeStep, type FakeHost } from '../../fixtures/fake-run.ts';

let folder = '';
let host: FakeHost;
const isRoot = process.getuid?.() === 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-plan-full-'));
  if (isRoot) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', folder]);
  host = fakeHost(systemClock, { stateFolder: folder });
});

afterEach(() => {
  if (isRoot) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
});

test('a disk that fills up under the journal does not end the backup, and makes the run red', async ({
  skip,
}) => {
  skip(!isRoot, 'mounting a small tmpfs needs root');
  let isDone = false;
  const talkative = fakeStep('talk', ({ report }) => {
    for (let index = 0; index < 2000; index += 1) report.note('x'.repeat(200));
    isDone = true;
    return Promise.resolve({});
  });
  const after = fakeStep('after', () => {
    rmSync(join(folder, 'ballast'));
    return Promise.resolve({});
  });
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(40_000));
  const result = await runPipeline(fakePipeline([talkative, after]), host);
  expect(isDone).toBe(true);
  expect(result).toMatchObject({
    outcome: 'failed',
    exitCode: 20,
    record: {
      error: { code: 'record-not-stored' },
      steps: [{ outcome: 'succeeded' }, { outcome: 'succeeded' }],
    },
  });
  expect(result.record?.error?.message).toContain('no space is left');
  // What was written before is readable, what came once there was room again, too; and the repository has it all.
  const events = parseJournal(readFileSync(journalFile(folder, 'fake', result.runId), 'utf8'));
  expect([events[0]?.type, events.at(-1)?.type]).toEqual(['run-started', 'run-finished']);
  expect(events).toContainEqual(expect.objectContaining({ type: 'step-finished', step: 'after' }));
  expect(events.length).toBeLessThan(1000);
  expect(host.repository.objects.size).toBe(1);
});
