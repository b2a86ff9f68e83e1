import { closeSync, constants, fstatSync, openSync, promises, read, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** What a file held, or why it could not be had whole. `too-large`: it goes on behind the limit. */
export type BoundedFile =
  | { readonly state: 'read'; readonly bytes: Buffer }
  | { readonly state: 'missing' }
  | { readonly state: 'too-large' }
  | { readonly state: 'unreadable'; readonly reason: string };

/** Reads a file and never more than `limitBytes` of it, also while it grows; nothing but a file is waited for. Never throws. */
export async function readBounded(path: string, limitBytes: number): Promise<BoundedFile> {
  try {
    // Not blocking: a named pipe in a file's place would be opened for ever.
    await using file = await promises.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size, ...found } = await file.stat();
    if (!isFile(found.mode))
      return { state: 'unreadable', reason: `it is ${kindOf(found.mode)}, not a file` };
    if (size > limitBytes) return { state: 'too-large' };
    const bytes = await readUpTo(file, limitBytes + 1, size + 1);
    return bytes.length > limitBytes ? { state: 'too-large' } : { state: 'read', bytes };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { state: 'missing' };
    return { state: 'unreadable', reason: reasonOf(error) };
  }
}

/** Why a file cannot be read, in words for what an operator meets. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read it';
  if (code === 'EISDIR') return 'it is a folder, not a file';
  return code ?? message;
}

function isFile(mode: number): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFREG;
}

function kindOf(mode: number): string {
  return (mode & constants.S_IFMT) === constants.S_IFDIR ? 'a folder' : 'something else';
}

/** @param likely the size that the file is said to have, and a byte: most files are read at once */
async function readUpTo(
  file: Awaited<ReturnType<typeof promises.open>>,
  most: number,
  likely: number,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let total = 0; total < most;) {
    const length = Math.min(most - total, Math.max(likely - total, 64 * 1024));
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, total);
    if (bytesRead === 0) break;
    pieces.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(pieces);
}

/** A mode for what an operator asked for: readable as the umask says. */
export const umaskDecides = 0o666;

/**
 * Writes a file as a whole or not at all, and durably: under another name first. Whoever reads sees the old content or the new one.
 * @param mode 0600 unless said; one that lets others read holds whatever the umask says, `umaskDecides` does not
 * @throws the system's error
 */
export async function writeWhole(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  await replace(path, (temporary) => writeDurably(temporary, content, mode));
}

/** Where a damaged file is found once a sound one was written in its place: somebody may want to look at it. */
export function keptAside(path: string): string {
  return `${path}.damaged`;
}

/** Gives way to a file that is to be written. What cannot be moved is what writing it will meet. */
export async function setAside(path: string): Promise<void> {
  await promises.rename(path, keptAside(path)).catch(() => undefined);
}

/** A symbolic link in the place of a file or another link. @throws the system's error */
export async function linkWhole(path: string, target: string): Promise<void> {
  await replace(path, (temporary) => promises.symlink(target, temporary));
}

async function replace(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  // systemd and Prometheus' collector pass over such a name.
  const temporary = join(dirname(path), `.run-plan-${crypto.randomUUID()}`);
  try {
    await make(temporary);
    await promises.rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await promises.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  await using file = await promises.open(path, 'wx', mode);
  await file.writeFile(content);
  if ((mode & 0o077) !== 0 && mode !== umaskDecides) await file.chmod(mode);
  await file.sync();
}

/** Makes a name durable. File systems that cannot say so do it by themselves. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await promises.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync().catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EINVAL' && code !== 'ENOTSUP' && code !== 'EBADF') throw error;
  });
}

/** A line of a file, without its newline; `bytes` is absent when it is longer than was allowed. */
export interface FileLine {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes?: Buffer;
}

/** Bytes read at once. */
const pieceBytes = 64 * 1024;

/**
 * The lines of a file in bounded memory; what is added meanwhile may be left out.
 * @throws the system's error; `EFBIG` for a file that is larger than `limitBytes`
 */
export function readLines(
  path: string,
  { longestBytes, limitBytes }: { readonly longestBytes: number; readonly limitBytes: number },
): AsyncGenerator<FileLine> {
  return splitLines(readPieces(path, limitBytes), longestBytes);
}

/** The lines of what comes in pieces, in bounded memory: one that is too long is told before its end, which may never come. */
export async function* splitLines(
  pieces: AsyncIterable<Buffer>,
  longestBytes: number,
): AsyncGenerator<FileLine> {
  let held: Buffer[] = [];
  let length = 0;
  let number = 1;
  /** Whether the line has just become too long. */
  const take = (piece: Buffer): boolean => {
    const fitted = length <= longestBytes;
    length += piece.length;
    const fits = length <= longestBytes;
    if (fits) held.push(piece);
    else held = [];
    return fitted && !fits;
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let at = piece.indexOf(0x0a); at !== -1; at = piece.indexOf(0x0a, from)) {
      if (take(piece.subarray(from, at))) yield { number };
      if (length <= longestBytes) yield { number, bytes: Buffer.concat(held) };
      held = [];
      length = 0;
      number += 1;
      from = at + 1;
    }
    if (take(piece.subarray(from))) yield { number };
  }
  if (length > 0 && length <= longestBytes) yield { number, bytes: Buffer.concat(held) };
}

const readLater = promisify(read);

/**
 * The first piece is there sooner than a thread that would read it, and most journals are no longer: every listing reads
 * one for each plan. @throws as `readLines` does
 */
async function* readPieces(path: string, limitBytes: number): AsyncGenerator<Buffer> {
  // Not blocking: a named pipe in a file's place would be opened for ever.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { mode, size } = fstatSync(file);
    if (!isFile(mode)) throw systemError('EISDIR', path);
    if (size > limitBytes) throw systemError('EFBIG', path);
    for (let total = 0; total < size;) {
      const buffer = Buffer.allocUnsafe(pieceBytes);
      const bytesRead =
        total === 0 ? readSync(file, buffer) : (await readLater(file, buffer, 0, pieceBytes, null)).bytesRead;
      if (bytesRead === 0) return;
      total += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    closeSync(file);
  }
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
