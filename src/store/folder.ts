import { realpath, rmdir, statfs, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { folderFailure } from './folder-failure.ts';
import { checkInside, isError, pathOf } from './folder-path.ts';
import { readFile, statFile, walk } from './folder-read.ts';
import { writeFile } from './folder-write.ts';
import type { Repository, StoredObject, UnfinishedUpload } from './repository.ts';

/**
 * A repository in a folder of this host (0700, files 0600). The folder is made by the first `put`; its parent must
 * exist.
 */
export async function openFolder(folder: string): Promise<Repository> {
  const root = resolve(folder);
  const real = await realpath(root).catch(() => root);
  return {
    location: root,
    identity: `folder:${real}`,
    put: (key, body, options = {}) => writeFile(root, key, body, options),
    get: (key, options = {}) => readFile(root, key, options),
    head: (key) => statFile(root, key),
    list: (prefix, signal) => list(root, prefix, signal),
    remove: (keys, signal) => remove(root, keys, signal),
    unfinished: (signal) => unfinished(root, signal),
    clock: () => Promise.resolve(new Date()),
    freeBytes: () => freeBytes(root),
    close: () => Promise.resolve(),
  };
}

async function* list(
  root: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredObject> {
  for await (const { partial, key, bytes, modifiedAt } of walk(root, prefix, signal)) {
    if (!partial) yield { key, bytes, modifiedAt };
  }
}

/** Temporary files. A file has no time of birth everywhere, so `startedAt` is when it was last written to: never too early. */
async function* unfinished(root: string, signal: AbortSignal | undefined): AsyncGenerator<UnfinishedUpload> {
  for await (const { partial, key, modifiedAt, path } of walk(root, '', signal)) {
    if (partial) yield { key, startedAt: modifiedAt, abort: () => removeFile(root, path) };
  }
}

async function remove(root: string, keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  for (const key of keys) {
    signal?.throwIfAborted();
    await removeFile(root, pathOf(root, key));
  }
}

async function removeFile(root: string, path: string): Promise<void> {
  try {
    await checkInside(root, path);
    await unlink(path);
    await removeEmptyFolders(root, dirname(path));
  } catch (error) {
    if (!isError(error, 'ENOENT', 'ENOTDIR')) throw folderFailure(error, 'remove', path);
  }
}

/** A folder exists for the keys below it; the root stays. */
async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let empty = folder; empty.length > root.length; empty = dirname(empty)) {
    try {
      await rmdir(empty);
    } catch {
      return;
    }
  }
}

async function freeBytes(root: string): Promise<number | undefined> {
  for (const folder of [root, dirname(root)]) {
    try {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    } catch (error) {
      if (!isError(error, 'ENOENT')) throw folderFailure(error, 'read', folder);
    }
  }
  return undefined;
}
