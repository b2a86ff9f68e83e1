import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { RestoreSection } from '../postgres/restore-command.ts';
import { createRestoreProgress, describeLoaded } from '../postgres/restore-progress.ts';
import type { Stage } from '../process/commands.ts';
import { listIndexes, startEarlyIndexes } from './early-indexes.ts';
import { runPass, type Load } from './load.ts';

export interface DumpStream {
  /** A custom-format dump as it is stored. */
  readonly open: () => Readable;
  /** As it is stored. */
  readonly bytes: number;
  /** Decrypt and decompress it. */
  readonly unpack: readonly Stage[];
  /** The dump's beginning as a file: at least its whole table of contents. */
  readonly head: string;
}

/** The rows of a smaller dump are loaded before processes that build indexes beside them would have begun. */
const fewBytes = 2 * 1024 * 1024;

/**
 * Restores a custom-format dump while it is read, without scratch disk. A stream can be read by one pg_restore only, in
 * its own order; so definitions and rows come from the stream. Indexes and constraints need the table of contents
 * alone: those of a table are built while the rows of the next are loaded, the others afterwards, `jobs` at a time. With
 * one job, the process that loads the rows builds them too.
 */
export async function loadStream(load: Load, stream: DumpStream): Promise<void> {
  const { command, jobs } = load;
  // What is dropped first must go with the constraints that depend on it, which are in the later part.
  const isOnePass = jobs === 1 || command.singleTransaction || command.clean || !isWhole(load);
  const isEarly = !isOnePass && stream.bytes >= fewBytes;
  load.onWay(
    isOnePass
      ? 'the dump is loaded as it is read, by one process'
      : `rows are loaded as they are read, by one process; indexes and constraints ${isEarly ? 'beside and ' : ''}after them, ${String(jobs)} at a time`,
  );
  return isOnePass ? loadInOnePass(load, stream) : loadInPasses(load, stream);
}

function isWhole({ command: { selection } }: Load): boolean {
  return selection.contents === 'all' && selection.tables.length === 0;
}

async function loadInPasses(load: Load, stream: DumpStream): Promise<void> {
  const { listing } = load;
  const later = tellLater(load);
  const broken = new AbortController();
  const signal = AbortSignal.any([load.signal, broken.signal]);
  const early = startEarlyIndexes(load, {
    head: stream.head,
    indexes: stream.bytes < fewBytes ? [] : await listIndexes(load, stream.head),
    signal,
    onBuild: later.tell,
    onFailure: (error) => {
      broken.abort(error);
    },
  });
  const endLoad = load.timeline.begin('load rows');
  const readBefore = load.bytesRead();
  const progress = createRestoreProgress({
    onLoaded: (loaded) => {
      load.onPhase(describeLoaded(loaded, listing));
      early.loaded(loaded);
    },
  });
  try {
    const sections: readonly RestoreSection[] = ['pre-data', 'data'];
    await runPass(
      load,
      { format: 'custom', jobs: 1, sections },
      { input: stream.open(), before: stream.unpack, progress, signal },
    );
    endLoad(load.bytesRead() - readBefore);
    await load.onLoaded();
    await buildOthers(load, stream, await early.finish(), later.tell);
  } catch (error) {
    broken.abort(error);
    await early.settled();
    load.signal.throwIfAborted();
    // What broke it off first: of two failures the other one is its consequence.
    throw broken.signal.reason;
  } finally {
    later.end();
  }
}

async function loadInOnePass(load: Load, stream: DumpStream): Promise<void> {
  const { command, listing } = load;
  const later = tellLater(load);
  const endLoad = load.timeline.begin('load rows');
  const readBefore = load.bytesRead();
  // One transaction loses its rows when it fails later on.
  const keepsRows = isWhole(load) && !command.singleTransaction;
  let noted: Promise<void> | undefined;
  const noteRows = (loaded: number): void => {
    endLoad(load.bytesRead() - readBefore);
    if (!keepsRows || loaded !== listing.dataEntries || progress.errors() > 0) return;
    noted ??= load.onLoaded();
    // Awaited at the end; a session that is lost until then ends the pass by itself.
    noted.catch(() => undefined);
  };
  const progress = createRestoreProgress({
    onLoaded: (loaded) => {
      load.onPhase(describeLoaded(loaded, listing));
    },
    onLater: (what) => {
      noteRows(progress.loaded());
      later.tell(what);
    },
  });
  try {
    await runPass(
      load,
      { format: 'custom', jobs: 1 },
      { input: stream.open(), before: stream.unpack, progress },
    );
    endLoad(load.bytesRead() - readBefore);
    await (noted ?? load.onLoaded());
  } finally {
    later.end();
  }
}

/** What follows the rows and is not built yet. */
async function buildOthers(
  load: Load,
  { head }: DumpStream,
  built: ReadonlySet<string>,
  onLater: (what: string) => void,
): Promise<void> {
  const list = join(load.folder, 'others.list');
  const others = load.listing.ids.filter((id) => !built.has(id));
  await writeFile(list, others.map((id) => `${id};\n`).join(''));
  await runPass(
    load,
    { from: head, format: 'custom', jobs: load.jobs, sections: ['post-data'], list },
    { progress: createRestoreProgress({ onLater }) },
  );
}

/** Builds indexes, constraints and what else follows the rows. */
export async function buildLater(load: Load, pass: LaterPass): Promise<void> {
  const later = tellLater(load);
  try {
    await runPass(
      load,
      { ...pass, sections: ['post-data'] },
      { progress: createRestoreProgress({ onLater: later.tell }) },
    );
  } finally {
    later.end();
  }
}

/** Tells what follows the rows as it begins, in however many passes, and notes the time from the first to the end. */
function tellLater(load: Load): { readonly tell: (what: string) => void; readonly end: () => void } {
  let count = 0;
  let endLater: (() => void) | undefined;
  return {
    tell: (what) => {
      endLater ??= load.timeline.begin('indexes and constraints');
      count += 1;
      load.onPhase(`building ${what} (${count} of ${load.listing.laterEntries})`);
    },
    end: () => endLater?.(),
  };
}

export interface LaterPass {
  readonly from: string;
  readonly format: 'custom' | 'directory';
  readonly jobs: number;
  /** Drops those that an earlier attempt has built. */
  readonly clean: boolean;
}
