import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskFile } from '../language/task-declaration.ts';

const taskFile = /^(?<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)+)\.(?:ts|js|mjs)$/;

/** The tasks of a folder by file name, sorted; none when there is no such folder. */
export async function listTaskFiles(folder: string, isBuiltIn: boolean): Promise<readonly TaskFile[]> {
  const entries = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return [];
    throw error;
  });
  return entries.sort().flatMap((entry) => {
    const name = taskFile.exec(entry)?.groups?.['name'];
    return name === undefined ? [] : [{ name, path: join(folder, entry), isBuiltIn }];
  });
}
