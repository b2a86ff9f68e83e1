import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { readSpace } from '../base/free-space.ts';
import type { Table } from '../postgres/tables.ts';
import { renderBytes } from '../base/quantity/size.ts';

/** A table's rows as text, held against what they take on disk: mostly less, a third more for wide numbers. */
const textFactor = 1.3;

/**
 * Holds the free space of a scratch folder against a directory dump: at least the largest tables must fit, as many as
 * are written and stored at a time. Gives a warning when a slow repository could still fill it.
 * @throws Failure `space-missing`
 */
export async function checkScratch(
  folder: string,
  tables: readonly Table[],
  atATime: number,
): Promise<string | undefined> {
  const { freeBytes: free } = await readSpace(folder);
  const sizes = tables
    .filter((table) => table.kind === 'table')
    .map((table) => table.bytes * textFactor)
    .sort((left, right) => right - left);
  const least = sum(sizes.slice(0, atATime));
  if (free < least) {
    throw new Failure(
      'space-missing',
      `${folder} has ${renderBytes(free)} free and the largest tables need about ${renderBytes(least)} at a time`,
      { hint: "Point the step's 'scratch' at a larger disk, lower 'jobs', or use format: custom." },
    );
  }
  const all = sum(sizes);
  if (free >= all) return undefined;
  return `${folder} has ${renderBytes(free)} free and the whole dump takes about ${renderBytes(all)}: it fits as long as the repository keeps up with pg_dump`;
}

/** Makes a private folder below `parent`. @throws Failure `space-missing` when the parent cannot be written to */
export async function makeScratch(parent: string): Promise<{ path: string; remove(): Promise<void> }> {
  try {
    const path = await mkdtemp(join(parent, 'run-plan-'));
    return { path, remove: () => rm(path, { recursive: true, force: true }) };
  } catch (error) {
    throw new Failure('space-missing', `No scratch folder can be made in ${parent}`, {
      hint: "Check the step's 'scratch' and the rights on it.",
      cause: error,
    });
  }
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, bytes) => total + bytes, 0);
}
