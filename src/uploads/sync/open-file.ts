import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, realpath, type FileHandle } from 'node:fs/promises';
import type { ByteText } from './byte-text.ts';
import { isInside } from './walk-folder.ts';

/** A file changed, or was exchanged, between its first byte and its last. */
export class FileChanged extends Error {
  constructor() {
    super('it changed while it was read');
    this.name = 'FileChanged';
  }
}

/** A file in hand, with what it was like when it was opened. */
export interface OpenFile {
  readonly bytes: number;
  /** Chunks of the file, as many bytes as it had when it was opened. @throws FileChanged when it has fewer */
  chunks(signal: AbortSignal): AsyncGenerator<Uint8Array>;
  /** The whole file at once. @throws FileChanged */
  whole(): Promise<Uint8Array>;
  /** @throws FileChanged unless the path still leads to this very file, as it was */
  checkUnchanged(): Promise<void>;
  close(): Promise<void>;
}

const chunkBytes = 256 * 1024;

/**
 * Opens a regular file below `root` for reading, following no link and waiting for nobody. `path` is its real path.
 * @throws FileChanged when it is not what the walk saw, the system's error otherwise
 */
export async function openFile(root: ByteText, path: Buffer): Promise<OpenFile> {
  // A pipe put in its place must not hold us.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) throw new FileChanged();
    const check = async (): Promise<void> => {
      // A folder above it may have become a link since it was walked.
      if (!isInside(root, await realpath(path, { encoding: 'latin1' }))) throw new FileChanged();
      const [own, named] = await Promise.all([handle.stat({ bigint: true }), lstat(path, { bigint: true })]);
      if (!isSame(before, own) || !isSame(before, named)) throw new FileChanged();
    };
    await check();
    const bytes = Number(before.size);
    return {
      bytes,
      chunks: (signal) => chunksOf(handle, bytes, signal),
      whole: () => readWhole(handle, bytes),
      checkUnchanged: check,
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function isSame(before: BigIntStats, now: BigIntStats): boolean {
  return (
    before.ino === now.ino &&
    before.dev === now.dev &&
    before.size === now.size &&
    before.mtimeNs === now.mtimeNs &&
    before.ctimeNs === now.ctimeNs
  );
}

async function readWhole(handle: FileHandle, bytes: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  for (let filled = 0; filled < bytes;) {
    const { bytesRead } = await handle.read(buffer, filled, bytes - filled, filled);
    if (bytesRead === 0) throw new FileChanged();
    filled += bytesRead;
  }
  return buffer;
}

/** Each chunk is valid until the next is asked for. */
async function* chunksOf(handle: FileHandle, bytes: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(bytes, chunkBytes));
  for (let position = 0; position < bytes;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - position), position);
    if (bytesRead === 0) throw new FileChanged();
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
