import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Failure } from '../base/failure.ts';
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
 * Makes the folders above a key's file (0700), one by one, so that no link is followed out of the root. The root itself
 * is made too, but nothing above it: a missing parent is more likely a disk that is not mounted.
 * @throws the system's error, `ELOOP` for a link.
 */
export async function makeFolders(root: string, path: string): Promise<void> {
  const parts = relative(root, dirname(path))
    .split(sep)
    .filter((part) => part !== '');
  const folders = parts.map((_, index) => join(root, ...parts.slice(0, index + 1)));
  await makeFolder(root);
  for (const folder of folders) {
    await makeFolder(folder);
    if ((await lstat(folder)).isSymbolicLink()) throw systemError('ELOOP', folder);
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
    await syncFolder(dirname(folder)).catch((error: unknown) => {
      // The folder above the root may be one that this user can pass and not read.
      if (!isError(error, 'EACCES')) throw error;
    });
  } catch (error) {
    if (!isError(error, 'EEXIST')) throw error;
  }
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

/** An error as the system would have thrown it. */
export function systemError(number: 'ELOOP' | 'ENOENT', path: string): Error {
  return Object.assign(new Error(`${number}: ${path}`), { code: number });
}
