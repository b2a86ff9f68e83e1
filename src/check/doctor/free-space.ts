import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { renderBytes } from '../../base/quantity/size.ts';
import { fine, warning, type Found } from './finding.ts';

/** Journals, locks and lists fit into this, and nothing else does. Bytes. */
const leastBytes = 50 * 1024 ** 2;
const scarceBytes = 1024 ** 3;

/** Free space of the file system of a folder, or of the nearest one above that is there. */
export async function spaceFinding(what: string, folder: string): Promise<Found> {
  const present = nearest(folder);
  const { bavail, bsize, blocks } = await statfs(present);
  return judgeSpace(what, folder, { freeBytes: bavail * bsize, totalBytes: blocks * bsize });
}

/** Pure. */
export function judgeSpace(
  what: string,
  folder: string,
  { freeBytes, totalBytes }: { readonly freeBytes: number; readonly totalBytes: number },
): Found {
  const found = `${folder} has ${renderBytes(freeBytes)} of ${renderBytes(totalBytes)} free`;
  const hint = 'free some space there, or move the folder to a larger disk';
  if (freeBytes < leastBytes) return { what, state: 'fail', found, hint };
  return freeBytes < scarceBytes ? warning(what, found, hint) : fine(what, found);
}

function nearest(folder: string): string {
  if (existsSync(folder) || dirname(folder) === folder) return folder;
  return nearest(dirname(folder));
}
