import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pruneKept } from '../../../../src/run/record/prune-kept.ts';
import { keptFolder, unfinishedMark } from '../../../../src/base/state-folder.ts';

const now = new Date('2025-06-01T00:00:00Z');
let state: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'run-plan-state-'));
});

afterEach(() => rm(state, { recursive: true, force: true }));

/** A run's kept folder with files of one step, each as many days old as said. */
async function keep(run: string, files: Readonly<Record<string, number>>, days: number): Promise<void> {
  const step = join(keptFolder(state, run), 'step');
  await mkdir(step, { recursive: true });
  const age = (path: string, old: number): Promise<void> => {
    const at = new Date(now.getTime() - old * 86_400_000);
    return utimes(path, at, at);
  };
  for (const [name, old] of Object.entries(files)) {
    await writeFile(join(step, name), 'x');
    await age(join(step, name), old);
  }
  await age(step, days);
  await age(keptFolder(state, run), days);
}

test('what runs kept goes after 90 days, but for what a later run goes on from', async () => {
  await keep('old', { 'changes.ndjson': 91, 'restore.json': 95 }, 91);
  await keep('empty', {}, 91);
  await keep('young', { 'changes.ndjson': 89 }, 89);
  await keep('touched', { 'changes.ndjson': 1 }, 400);
  await keep('unfinished', { 'journal.ndjson': 400, [unfinishedMark]: 400 }, 400);
  await pruneKept(state, now);
  expect((await readdir(join(state, 'kept'))).sort()).toEqual(['touched', 'unfinished', 'young']);
});

test('nothing kept yet is nothing to do', async () => {
  await expect(pruneKept(state, now)).resolves.toBeUndefined();
});
