import { constants } from 'node:fs';
import { lstat, open, opendir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Failure } from '../base/failure.ts';
import { destroyOnAbort } from '../base/body.ts';
import { folderFailure } from './folder-failure.ts';
import { checkInside, isError, pathOf, systemError } from './folder-path.ts';
import { partialPrefix } from './key.ts';
import type { ReadOptions, StoredObject } from './repository.ts';

/** Bytes read at once: larger reads gain nothing. */
const readBytes = 1024 * 1024;

/** @throws Failure `repository-missing`, `repository-denied`, `repository-read` */
export async function readFile(root: string, key: string, options: ReadOptions): Promise<Readable> {
  const path = pathOf(root, key);
  options.signal?.throwIfAborted();
  const file = await openFile(root, path);
  const { size } = await file.stat();
  const { first, last } = options.range ?? { first: 0, last: size - 1 };
  if (first > size) {
    await file.close();
    throw new Failure('repository-read', `${path} has ${size} bytes; byte ${first} was asked for`, {
      where: path,
    });
  }
  const stream = Readable.from(chunks(file, path, first, Math.min(last, size - 1)), {
    objectMode: false,
    highWaterMark: readBytes,
  });
  // A generator that was never started has no finally to run.
  stream.once('close', () => void file.close().catch(() => undefined));
  return destroyOnAbort(stream, options.signal);
}

async function openFile(root: string, path: string): Promise<FileHandle> {
  try {
    await checkInside(root, path);
    // Not blocking: a named pipe in a file's place would be opened for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw systemError('ENOENT', path);
  } catch (error) {
    throw folderFailure(error, 'read', path);
  }
}

async function* chunks(file: FileHandle, path: string, first: number, last: number): AsyncGenerator<Buffer> {
  for (let position = first; position <= last;) {
    const length = Math.min(readBytes, last - position + 1);
    // A new buffer each time: the consumer may still hold the one before.
    const { bytesRead, buffer } = await file
      .read(Buffer.allocUnsafe(length), 0, length, position)
      .catch((error: unknown) => {
        throw folderFailure(error, 'read', path);
      });
    if (bytesRead === 0) {
      throw new Failure('repository-read', `${path} became shorter while it was read`, { where: path });
    }
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The object of a key, or undefined when no file has that name; links and folders are no objects. */
export async function statFile(root: string, key: string): Promise<StoredObject | undefined> {
  const path = pathOf(root, key);
  try {
    const found = await lstat(path);
    await checkInside(root, path);
    return found.isFile() ? { key, bytes: found.size, modifiedAt: found.mtime } : undefined;
  } catch (error) {
    if (isError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw folderFailure(error, 'read', path);
  }
}

export interface FoundFile extends StoredObject {
  /** Written to by somebody, or left behind. */
  readonly partial: boolean;
  readonly path: string;
}

/** Every file below a key prefix, partial ones included, folder by folder; a root that does not exist yet has none. */
export async function* walk(
  root: string,
  prefix: string,
  signal: AbortSignal | undefined,
  above = '',
): AsyncGenerator<FoundFile> {
  const folder = join(root, above);
  try {
    // Entries come in batches: a folder of any size needs the memory of one batch.
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      signal?.throwIfAborted();
      const name = `${above}${entry.name}`;
      if (entry.isDirectory()) {
        const inside = `${name}/`;
        if (inside.startsWith(prefix) || prefix.startsWith(inside)) yield* walk(root, prefix, signal, inside);
      } else if (entry.isFile()) {
        const found = await describe(root, above, entry.name, prefix);
        if (found !== undefined) yield found;
      }
    }
  } catch (error) {
    signal?.throwIfAborted();
    // Also a folder that was removed since its name was read.
    if (isError(error, 'ENOENT')) return;
    throw folderFailure(error, 'list', folder);
  }
}

async function describe(
  root: string,
  above: string,
  name: string,
  prefix: string,
): Promise<FoundFile | undefined> {
  const partial = name.startsWith(partialPrefix);
  // .partial-3fa9c2d1-NAME: the name it was to have.
  const key = above + (partial ? name.slice(partialPrefix.length).replace(/^[0-9a-f]{8}-/, '') : name);
  if (!key.startsWith(prefix)) return undefined;
  const path = join(root, above, name);
  try {
    const { size, mtime } = await lstat(path);
    return { key, bytes: size, modifiedAt: mtime, partial, path };
  } catch (error) {
    if (isError(error, 'ENOENT')) return undefined;
    throw error;
  }
}
