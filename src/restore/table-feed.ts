import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { ManifestFile } from '../artifact/manifest.ts';
import { asDamage } from '../artifact/read-back.ts';
import { killOnAbort } from '../artifact/store-dump.ts';
import type { Commands, Stage } from '../process/commands.ts';
import type { Repository } from '../store/repository.ts';
import { ownFailure, verifiedSource } from './verified-source.ts';

/** A table's rows on their way from the repository into the file that pg_restore reads. */
export interface TableFeed {
  readonly file: ManifestFile;
  /** The path that pg_restore opens. */
  readonly path: string;
}

export interface FeedOptions {
  readonly commands: Commands;
  readonly repository: Repository;
  readonly unpack: readonly Stage[];
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

const copy: Stage = { program: 'cat', arguments: [] };

/**
 * Feeds a table into its FIFO: repository, sha256, decrypt, decompress, pg_restore, without touching a disk. Where no FIFO
 * is, a file is made.
 * @throws Failure `artifact-damaged`, `repository-*`, `command-failed` when the reader left early
 */
export async function feedTable({ file, path }: TableFeed, options: FeedOptions): Promise<void> {
  const stages = options.unpack.length === 0 ? [copy] : options.unpack;
  const last = stages.at(-1) ?? copy;
  const source = verifiedSource(options.repository, file, options);
  const pipe = options.commands.pipe([...stages.slice(0, -1), { ...last, output: path }], { input: source });
  pipe.output.on('error', () => undefined).resume();
  const forget = killOnAbort(pipe, options.signal);
  try {
    await pipe.done;
  } catch (error) {
    // A reader may complain of what was broken off before that is known here, and end this feed.
    const broke = ownFailure(source);
    if (broke !== undefined) throw broke;
    options.signal.throwIfAborted();
    throw asDamage(file, error);
  } finally {
    forget();
  }
}

/**
 * Whether this pg_restore reads the tables of a directory dump from FIFOs. Minor releases of November 2026 (15.20 and
 * 17.12 were tried) refuse all but regular files.
 */
export async function readsFifos(
  commands: Commands,
  pgRestore: string,
  { path, id, folder }: { readonly path: string; readonly id: string; readonly folder: string },
): Promise<boolean> {
  // One empty table in a folder of its own: the table of contents, a list with one entry, a writer with nothing to write.
  const trial = join(folder, 'fifo');
  const { exitCode } = await commands.$({ quiet: true, nothrow: true })`
    mkdir -m 700 ${trial}
    ln -s ${join(path, 'toc.dat')} ${trial}/toc.dat
    mkfifo -m 600 ${trial}/${id}.dat
    echo ${`${id};`} >${trial}/list
    : >${trial}/${id}.dat & writer=$!
    status=0
    ${pgRestore} --format=directory --data-only --use-list=${trial}/list --file=/dev/null ${trial} || status=$?
    kill "$writer" 2>/dev/null || :
    exit "$status"`;
  return exitCode === 0;
}

/** Makes an empty file that claims the size of a table: pg_restore begins with the largest. */
export async function showSize({ path, file }: TableFeed): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.truncate(file.bytes);
  } finally {
    await handle.close();
  }
}

/** Puts a FIFO where the empty files are, many at once and each at one instant. */
export async function makeFifos(commands: Commands, feeds: readonly TableFeed[]): Promise<void> {
  for (let from = 0; from < feeds.length; from += fifosAtOnce) {
    const paths = feeds.slice(from, from + fifosAtOnce).map(({ path }) => path);
    await commands.$`mkfifo -m 600 ${paths.map((path) => `${path}.fifo`)}`;
    for (const path of paths) await rename(`${path}.fifo`, path);
  }
}

/** Far below the length of a command line. */
const fifosAtOnce = 200;
