import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Damage } from '../../../../src/base/document.ts';
import { readEndings } from '../../../../src/run/record/run-endings.ts';

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'run-plan-endings-'));
  await mkdir(join(state, 'runs', 'nightly'), { recursive: true });
});
afterEach(() => rm(state, { recursive: true, force: true }));

const finished = {
  type: 'run-finished',
  at: '2026-11-24T02:05:00.000Z',
  outcome: 'succeeded',
  exitCode: 0,
  durationMs: 300_000,
  stepsDurationMs: 290_000,
};

async function journal(time: string, last: object | string, before = ''): Promise<void> {
  const text = typeof last === 'string' ? last : `${JSON.stringify(last)}\n`;
  await writeFile(join(state, 'runs', 'nightly', `nightly-${time}-0000.jsonl`), before + text);
}

test('every run that has ended is told by the end of its journal, in order of time', async () => {
  const output = `${JSON.stringify({ type: 'step-output', at: finished.at, step: 'a', line: 'x'.repeat(900) })}\n`;
  await journal('20261124T020000Z', finished, output.repeat(500));
  await journal('20261122T020000Z', {
    ...finished,
    outcome: 'failed',
    exitCode: 22,
    error: { code: 'objective-missed', message: 'too slow' },
  });
  await journal('20261123T020000Z', {
    ...finished,
    outcome: 'cancelled',
    exitCode: 130,
    foundInterrupted: true,
  });
  // One that runs now, one that was cut, one that cannot be read.
  await journal('20261124T030000Z', output);
  await journal('20261124T040000Z', '{"type":"run-fin');
  await mkdir(join(state, 'runs', 'nightly', 'nightly-20261124T050000Z-0000.jsonl'));
  expect(await readEndings(state, 'nightly')).toMatchObject([
    { runId: 'nightly-20261122T020000Z-0000', outcome: 'failed', exitCode: 22, missedObjective: true },
    { outcome: 'interrupted', exitCode: null, missedObjective: false },
    { outcome: 'succeeded', exitCode: 0, durationMs: 300_000, at: new Date('2026-11-24T02:05:00Z') },
  ]);
});

test('the last is the one that ended last: a run that was refused while another ran is not', async () => {
  await journal('20261124T020000Z', { ...finished, at: '2026-11-24T02:30:00.000Z' });
  await journal('20261124T021000Z', {
    ...finished,
    at: '2026-11-24T02:10:00.100Z',
    outcome: 'failed',
    exitCode: 12,
  });
  expect((await readEndings(state, 'nightly')).map(({ exitCode }) => exitCode)).toEqual([12, 0]);
});

test('a plan that never ran has none', async () => {
  expect(await readEndings(state, 'other')).toEqual([]);
});

test("a named pipe in a journal's place is told as damage, and is not waited for", async () => {
  execFileSync('mkfifo', [join(state, 'runs', 'nightly', 'nightly-20261124T020000Z-0000.jsonl')]);
  const damages: Damage[] = [];
  expect(await readEndings(state, 'nightly', (damage) => damages.push(damage))).toEqual([]);
  expect(damages).toMatchObject([{ kind: 'unreadable' }]);
}, 5000);
