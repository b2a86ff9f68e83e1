import { statfs } from 'node:fs/promises';

/** What a file system has left, for whoever is not root. */
export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeInodes: number;
  /** 0: the file system makes them as they are needed. */
  readonly totalInodes: number;
}

/** @throws Error of the system, for a folder that cannot be asked about */
export async function readSpace(folder: string): Promise<Space> {
  const { bavail, blocks, bsize, ffree, files } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeInodes: ffree, totalInodes: files };
}
