import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHolder } from '../../../src/run/lock/holder.ts';
import { hostLock } from '../../../src/run/lock/host-lock.ts';
import type { RunLock } from '../../../src/task/run-lock.ts';
import { createProcessGroups } from '../../../src/process/process-groups.ts';
import type { RunIdentity } from '../../../src/task/contract.ts';

const signal = new AbortController().signal;
let folder = '';
let held: RunLock[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-plan-lock-'));
  held = [];
});

afterEach(async () => {
  for (const lock of held) await lock.release();
  rmSync(folder, { recursive: true, force: true });
});

function run(id: string): RunIdentity {
  return { id, plan: 'nightly', planHash: 'f', startedAt: new Date('2025-01-01T02:00:00Z'), scratch: '' };
}

async function take(id: string, file = join(folder, 'locks', 'nightly.lock')): Promise<RunLock> {
  const taker = hostLock({
    file,
    temporaryFolder: (runId) => join(folder, 'tmp', runId),
    groups: createProcessGroups(),
    host: hostname(),
    pid: process.pid,
  });
  const lock = await taker.take(run(id), signal);
  held.push(lock);
  return lock;
}

test('the file says who holds the lock, and nothing once it is free', async () => {
  const lock = await take('a');
  const file = join(folder, 'locks', 'nightly.lock');
  expect(await readHolder(file)).toEqual({
    runId: 'a',
    pid: process.pid,
    host: hostname(),
    startedAt: '2025-01-01T02:00:00.000Z',
  });
  await lock.release();
  expect(readFileSync(file, 'utf8')).toBe('');
});

test('a second taker is refused with the holder’s name, and a release lets it in', async () => {
  const lock = await take('a');
  await expect(take('b')).rejects.toMatchObject({
    code: 'locked',
    message: expect.stringContaining(
      `run a (process ${String(process.pid)} on ${hostname()}, since 2025-01-01T02:00:00.000Z)`,
    ) as string,
  });
  await lock.release();
  await take('b');
});

test('of many at once exactly one gets it', async () => {
  const taken = await Promise.allSettled(Array.from({ length: 8 }, (_, index) => take(`r${String(index)}`)));
  expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('what an earlier holder left in the file does not lock anybody out', async () => {
  const file = join(folder, 'nightly.lock');
  writeFileSync(file, '{"runId":"old","pid":1,"host":"elsewhere","startedAt":"x"}');
  await take('a', file);
  expect((await readHolder(file))?.runId).toBe('a');
});

test('a release is no loss, and a second one does nothing', async () => {
  const lock = await take('a');
  await lock.release();
  await lock.release();
  expect(lock.lost.aborted).toBe(false);
});

test('a folder that cannot be written is told as such', async () => {
  writeFileSync(join(folder, 'file'), '');
  await expect(take('a', join(folder, 'file', 'nightly.lock'))).rejects.toMatchObject({
    code: 'state-folder',
    message: expect.stringContaining(join(folder, 'file')) as string,
  });
});

test('a lock file that cannot be opened is told as such', async () => {
  const file = join(folder, 'nightly.lock');
  symlinkSync('/nowhere/at/all', file);
  await expect(take('a', file)).rejects.toMatchObject({ code: 'state-folder' });
});
