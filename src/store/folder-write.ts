import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { chunksOf, toReadable } from '../base/body.ts';
import { folderFailure } from './folder-failure.ts';
import { isError, makeFolders, pathOf, syncFolder } from './folder-path.ts';
import { partialPrefix } from './key.ts';
import type { PutOptions, Repository, StoredObject } from './repository.ts';

/**
 * Stores a body under a temporary name beside its file, makes it durable, and gives it its name last: what has its
 * name is whole. Refuses a file that exists, also one that appears while the body is written.
 * @throws Failure `key-exists`, `repository-*`; what the body or the signal throws.
 */
export async function writeFile(
  root: string,
  key: string,
  body: Parameters<Repository['put']>[1],
  options: PutOptions,
): Promise<StoredObject> {
  const path = pathOf(root, key);
  const temporary = join(
    dirname(path),
    `${partialPrefix}${randomBytes(4).toString('hex')}-${basename(path)}`,
  );
  const stream = toReadable(body);
  try {
    const file = await prepare(root, path, temporary);
    try {
      const bytes = await copy(stream, file, path, options);
      await promote(temporary, path);
      return await confirm(key, path, bytes);
    } finally {
      await file.close();
      await unlink(temporary).catch(() => undefined);
    }
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

async function prepare(root: string, path: string, temporary: string): Promise<FileHandle> {
  try {
    for (let attempt = 1; ; attempt += 1) {
      await makeFolders(root, path);
      if (await exists(path)) throw existing(path);
      try {
        return await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
      } catch (error) {
        // Somebody who removed the last file of the folder removed the folder with it, just now.
        if (!isError(error, 'ENOENT') || attempt === 3) throw error;
      }
    }
  } catch (error) {
    throw folderFailure(error, 'store', isError(error, 'ENOENT') ? root : path);
  }
}

/** Writes and syncs the whole body. Errors of the body stay what they are, errors of the disk become failures. */
async function copy(
  stream: ReturnType<typeof toReadable>,
  file: FileHandle,
  path: string,
  options: PutOptions,
): Promise<number> {
  const disk = async (action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      throw folderFailure(error, 'store', path);
    }
  };
  let bytes = 0;
  for await (const chunk of chunksOf(stream, options.signal)) {
    // Writes on from where the last one ended, and all of it: write() alone may write a part.
    await disk(() => file.writeFile(chunk));
    bytes += chunk.length;
    options.onProgress?.(bytes);
  }
  await disk(() => file.sync());
  options.signal?.throwIfAborted();
  return bytes;
}

/** Gives a finished file its name in one step that fails when the name is taken: link(2), unlike rename(2), does. */
async function promote(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path).catch(async (error: unknown) => {
      if (!isError(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
      // No hard links on this file system (FAT, some network shares): take the name with an empty file, then replace it.
      const placeholder = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
      await placeholder.close();
      await rename(temporary, path);
    });
    await unlink(temporary).catch(() => undefined);
    await syncFolder(dirname(path));
  } catch (error) {
    throw isError(error, 'EEXIST') ? existing(path) : folderFailure(error, 'store', path);
  }
}

async function confirm(key: string, path: string, bytes: number): Promise<StoredObject> {
  const found = await lstat(path).catch((error: unknown) => {
    throw folderFailure(error, 'read', path);
  });
  if (found.size === bytes) return { key, bytes, modifiedAt: found.mtime };
  await unlink(path).catch(() => undefined);
  throw new Failure('repository-write', `${path} has ${found.size} bytes after ${bytes} were written`, {
    hint: 'The file system lost data: check it before you trust it with backups.',
    where: path,
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isError(error, 'ENOENT')) return false;
    throw error;
  }
}

function existing(path: string): Failure {
  return new Failure('key-exists', `${path} exists already and is never overwritten`, {
    hint: 'Each run makes new names: two runs at once, or a clock that went back?',
    where: path,
  });
}
