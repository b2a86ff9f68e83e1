import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a report is about: stands beside it, so that only the same work is ever taken over or undone. */
export interface ChangeHeader {
  /** `s3://bucket/prefix at endpoint`. */
  readonly uploads: string;
  /** What the keys are brought back to: an instant, or a report that is undone; with what narrows it. */
  readonly work: string;
  readonly runId: string;
}

export const headerFile = 'restore.json';

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
  try {
    const text = await readFile(join(folder, headerFile), 'utf8');
    const other = JSON.parse(text) as Partial<ChangeHeader & { readonly state: string }>;
    return other.state === 'unfinished' && other.uploads === uploads && other.work === work;
  } catch {
    return false;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
