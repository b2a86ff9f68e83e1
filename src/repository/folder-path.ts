import { constants } from 'node:fs';
import { mkdir, open, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Failure } from '../failure.ts';
import { checkKey } from './key.ts';

/** The file of a key. @throws Failure when the key is none. */
export function pathOf(root: string, key: string): string {
  checkKey(key);
  return join(root, ...key.split('/'));
}

/**
 * Refuses a file whose folder, links followed, lies outside the repository's root.
 * @throws Failure `repository-denied`; the system's error when the folder does not exist.
 */
export async function checkInside(root: string, path: string): Promise<void> {
  const [realRoot, realFolder] = await Promise.all([realpath(root), realpath(dirname(path))]);
  const way = relative(realRoot, realFolder);
  if (way !== '..' && !way.startsWith('../')) return;
  throw new Failure('repository-denied', `${path} is outside the repository ${root}`, {
    hint: `A folder above it is a symbolic link to ${realFolder}: remove the link.`,
    where: path,
  });
}

/**
 * Makes the folders above a key's file (0700). The root itself is made too, but nothing above it: a missing parent is
 * more likely a disk that is not mounted.
 */
export async function makeFolders(root: string, path: string): Promise<void> {
  await mkdir(root, { mode: 0o700 }).catch((error: unknown) => {
    if (!isError(error, 'EEXIST')) throw error;
  });
  const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  for (let folder = dirname(path); folder.length >= root.length; folder = dirname(folder))
    await syncFolder(folder);
}

/** Makes the names in a folder durable, as far as its file system knows how to. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems sync names by themselves and refuse to be asked.
    if (!isError(error, 'EINVAL', 'ENOTSUP', 'ENOSYS')) throw error;
  } finally {
    await handle.close();
  }
}

/** Whether an error carries one of the system's error numbers. */
export function isError(error: unknown, ...numbers: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && numbers.includes(String(error.code));
}
