import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { runPipeline } from '../../../src/engine/run-pipeline.ts';
import { readJournal } from '../../../src/record/read-journal.ts';
import { journalFile } from '../../../src/record/state-folder.ts';
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
  const result = await runPipeline(
    fakePipeline([talkative, fakeStep('after', () => Promise.resolve({}))]),
    host,
  );
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
  // What was written before is still readable, and the repository has the whole record.
  expect((await readJournal(journalFile(folder, 'fake', result.runId)))[0]?.type).toBe('run-started');
  expect(host.repository.objects.size).toBe(1);
});
