import { readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeDamage, document } from '../base/document.ts';
import { Failure } from '../base/failure.ts';
import { unfinishedMark } from '../base/state-folder.ts';
import type { ChangeHeader } from '../language/generated/change-header.types.ts';

export type { ChangeHeader } from '../language/generated/change-header.types.ts';

/** What a report is about: stands beside it, so that only the same work is ever taken over or undone. */
export const changeHeaders = document<ChangeHeader>({
  name: 'header of a report of restored uploads',
  // Ours take some hundred bytes.
  limitBytes: 64 * 1024,
  schema: () => import('../language/generated/change-header.validate.ts'),
});

const headerFile = 'restore.json';

export async function writeHeader(folder: string, header: ChangeHeader): Promise<void> {
  await changeHeaders.writeFile(join(folder, headerFile), header);
}

/** The header that lies beside a report. @throws Failure `usage` when it is no report of an uploads-restore */
export async function readHeader(folder: string): Promise<ChangeHeader> {
  const read = await changeHeaders.readFile(join(folder, headerFile));
  if (read.state === 'sound') return read.value;
  const why = read.state === 'damaged' ? `: ${describeDamage(read.damage)}` : '';
  throw new Failure('usage', `${folder} holds no report of an uploads-restore${why}`, {
    hint: 'Say the id of the run that is to be undone, or the path of its changes.ndjson.',
  });
}

/** From now on the work in a kept folder is taken over by whoever does the same, and the folder is not pruned. */
export async function markUnfinished(folder: string): Promise<void> {
  await writeFile(join(folder, unfinishedMark), '', { mode: 0o600 });
}

/** It came to its end, was taken over, or is undone. */
export async function endUnfinished(folder: string): Promise<void> {
  await rm(join(folder, unfinishedMark), { force: true });
}

/**
 * Kept folders of steps that began the same work and did not come to its end, oldest run first. They lie beside the
 * given one: `ROOT/RUN-ID/STEP`.
 */
export async function findUnfinished(folder: string, header: ChangeHeader): Promise<readonly string[]> {
  const root = dirname(dirname(folder));
  const found: string[] = [];
  for (const run of (await namesIn(root)).sort()) {
    for (const step of await namesIn(join(root, run))) {
      const candidate = join(root, run, step);
      if (await isUnfinished(candidate, header)) found.push(candidate);
    }
  }
  return found;
}

async function isUnfinished(folder: string, { uploads, work }: ChangeHeader): Promise<boolean> {
  if (!(await namesIn(folder)).includes(unfinishedMark)) return false;
  const other = await readHeader(folder).catch(() => undefined);
  return other?.uploads === uploads && other.work === work;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
