import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { keptFolder, unfinishedMark } from '../../base/state-folder.ts';

/** Days that what steps keep on this host is there for; README.md says it too. */
const keptDays = 90;
const dayMs = 24 * 60 * 60 * 1000;

/**
 * Removes what steps of old runs have kept: lists of findings, reports of changed keys. A run's folder goes when nothing
 * in it was written within the last 90 days, and never while a later run will go on from it. What cannot be removed is
 * tried again by the next run.
 */
export async function pruneKept(stateFolder: string, now: Date): Promise<void> {
  const root = dirname(keptFolder(stateFolder, 'any'));
  for (const run of await namesIn(root)) {
    const folder = join(root, run);
    const isOld = await isOlderThan(folder, now.getTime() - keptDays * dayMs).catch(() => false);
    if (isOld) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Whether nothing in a run's folder is younger, nor unfinished. */
async function isOlderThan(folder: string, timeMs: number): Promise<boolean> {
  if ((await stat(folder)).mtimeMs > timeMs) return false;
  for (const step of await namesIn(folder)) {
    const names = await namesIn(join(folder, step));
    if (names.includes(unfinishedMark)) return false;
    for (const name of ['', ...names])
      if ((await stat(join(folder, step, name))).mtimeMs > timeMs) return false;
  }
  return true;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}
