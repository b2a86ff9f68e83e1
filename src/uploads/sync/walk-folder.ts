import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { Failure } from '../../base/failure.ts';
import { keyOf, pathOf, type ByteText } from './byte-text.ts';
import type { NameFilter } from './name-filter.ts';
import { createNameSorter, type NameSorter } from './name-sorter.ts';
import { codeOf, reasonOf } from './system-reason.ts';

/** What becomes of a symbolic link. None is ever followed out of the folder. */
export type SymlinkPolicy = 'skip' | 'follow' | 'fail';

/**
 * One thing in the folder, by its name relative to it. A folder that cannot be read has a name that ends in a slash.
 * `path` is where a file really lies, links followed.
 */
export type WalkedEntry =
  | { readonly kind: 'file'; readonly name: ByteText; readonly path: Buffer }
  | { readonly kind: 'skipped' | 'problem'; readonly name: ByteText; readonly reason: string };

export interface WalkOptions {
  readonly symlinks: SymlinkPolicy;
  readonly filter: NameFilter;
  /** Longest name in bytes: what S3 leaves for it beside the prefix. */
  readonly longestName: number;
  readonly signal: AbortSignal;
  /** A folder for the names of a folder that has more than are held in memory. */
  readonly scratch: string;
  /** Names of one folder in memory; 100,000 unless said. */
  readonly mostNames?: number;
}

/** Some 10 MB. */
const usualMostNames = 100_000;

/** What is not a plain file or folder by its own type. */
type Oddity =
  | { readonly kind: 'skipped' | 'problem'; readonly reason: string }
  | { readonly kind: 'followed'; readonly target: ByteText; readonly isFolder: boolean };

interface Folder {
  /** Relative to the root, with a slash at its end; empty for the root. */
  readonly name: ByteText;
  /** Where it really lies. */
  readonly real: ByteText;
  /** Real paths of the folders that lead here. */
  readonly above: readonly ByteText[];
}

/**
 * Everything in a folder, in the order in which S3 lists the same keys: by the bytes of the whole name. A folder takes
 * the place of its name with the slash that its keys have (`a.b`, `a/x`, `a0`). Memory is that of 100,000 names in one
 * folder and in each above it. `root` is its real path.
 * @throws Failure `environment-incomplete` when the folder itself cannot be read
 */
export function walkFolder(root: ByteText, options: WalkOptions): AsyncGenerator<WalkedEntry> {
  return walk(root, { name: '', real: root, above: [] }, options);
}

async function* walk(root: ByteText, folder: Folder, options: WalkOptions): AsyncGenerator<WalkedEntry> {
  const names = createNameSorter<Oddity>(options.scratch, options.mostNames ?? usualMostNames);
  try {
    const unread = await readNames(root, folder, options, names).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (unread === undefined) {
      for await (const { name, note } of names.sorted()) yield* walkName(root, folder, name, note, options);
      return;
    }
    options.signal.throwIfAborted();
    if (folder.name === '') throw unreadable(root, unread.error);
    // Removed since its name was read.
    if (codeOf(unread.error) === 'ENOENT') return;
    yield { kind: 'problem', name: folder.name, reason: `cannot be read: ${reasonOf(unread.error)}` };
  } finally {
    await names.remove();
  }
}

async function* walkName(
  root: ByteText,
  folder: Folder,
  own: ByteText,
  oddity: Oddity | undefined,
  options: WalkOptions,
): AsyncGenerator<WalkedEntry> {
  options.signal.throwIfAborted();
  const name = folder.name + own;
  const fault = nameFault(name, options.longestName);
  if (fault !== undefined) {
    yield { kind: 'problem', name, reason: fault };
  } else if (oddity !== undefined && oddity.kind !== 'followed') {
    yield { ...oddity, name };
  } else {
    const real = oddity?.target ?? `${folder.real}/${own.replace(/\/$/, '')}`;
    if (own.endsWith('/')) yield* walk(root, { name, real, above: [...folder.above, folder.real] }, options);
    else yield { kind: 'file', name, path: pathOf(real) };
  }
}

/** Adds the names in one folder that take part, those of folders with a slash at their end. */
async function readNames(
  root: ByteText,
  folder: Folder,
  { filter, symlinks, signal }: WalkOptions,
  names: NameSorter<Oddity>,
): Promise<void> {
  // One character a byte; also the order of texts is then that of the bytes.
  for await (const entry of await opendir(pathOf(folder.real), { encoding: 'latin1' })) {
    signal.throwIfAborted();
    const name = entry.name;
    const kind = await kindOf(entry, folder);
    const key = keyOf(folder.name + name);
    if (key !== undefined && (kind === 'file' ? !filter.takes(key) : filter.excludesFolder(key))) continue;
    if (kind === 'file' || kind === 'folder') {
      await names.add(kind === 'folder' ? `${name}/` : name);
    } else if (kind === 'link') {
      const followed = symlinks === 'follow' ? await follow(root, folder, name) : unfollowed(symlinks);
      const own = followed.kind === 'followed' && followed.isFolder ? `${name}/` : name;
      if (own === name && key !== undefined && !filter.takes(key)) continue;
      await names.add(own, followed);
    } else {
      if (key !== undefined && !filter.takes(key)) continue;
      await names.add(name, { kind: 'skipped', reason: `is a ${kind}` });
    }
  }
}

type Kind = 'file' | 'folder' | 'link' | 'socket' | 'named pipe' | 'device';

/** Some file systems do not tell types with names. */
async function kindOf(entry: Dirent, folder: Folder): Promise<Kind> {
  return typeOf(entry) ?? typeOf(await lstat(pathOf(`${folder.real}/${entry.name}`))) ?? 'device';
}

function typeOf(
  entry: Pick<
    Dirent,
    | 'isFile'
    | 'isDirectory'
    | 'isSymbolicLink'
    | 'isSocket'
    | 'isFIFO'
    | 'isBlockDevice'
    | 'isCharacterDevice'
  >,
): Kind | undefined {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isSocket()) return 'socket';
  if (entry.isFIFO()) return 'named pipe';
  return entry.isBlockDevice() || entry.isCharacterDevice() ? 'device' : undefined;
}

function unfollowed(policy: SymlinkPolicy): Oddity {
  return { kind: policy === 'fail' ? 'problem' : 'skipped', reason: 'is a symbolic link' };
}

async function follow(root: ByteText, folder: Folder, name: ByteText): Promise<Oddity> {
  const problem = (reason: string): Oddity => ({ kind: 'problem', reason: `is a symbolic link ${reason}` });
  try {
    const target = await realpath(pathOf(`${folder.real}/${name}`), { encoding: 'latin1' });
    if (!isInside(root, target)) return problem('that leads out of the folder');
    const found = await stat(pathOf(target));
    if (found.isFile()) return { kind: 'followed', target, isFolder: false };
    if (!found.isDirectory()) return problem('to what is neither a file nor a folder');
    if (target === folder.real || folder.above.includes(target)) return problem('to a folder above it');
    return { kind: 'followed', target, isFolder: true };
  } catch (error) {
    return problem(`that cannot be followed: ${reasonOf(error)}`);
  }
}

/** Whether a real path lies in the real folder `root`. */
export function isInside(root: ByteText, real: ByteText): boolean {
  return real === root || real.startsWith(root.endsWith('/') ? root : `${root}/`);
}

function nameFault(name: ByteText, longestName: number): string | undefined {
  if (keyOf(name) === undefined) return 'has a name that is not UTF-8, which S3 cannot store';
  if (name.length > longestName)
    return `has a name of ${String(name.length)} bytes, and S3 takes ${String(longestName)} here`;
  return undefined;
}

function unreadable(root: ByteText, error: unknown): Failure {
  const shown = pathOf(root).toString();
  return new Failure('environment-incomplete', `the folder ${shown} cannot be read: ${reasonOf(error)}`, {
    hint: 'Check the path, its permissions, and that its disk is mounted.',
    where: shown,
  });
}
