import type { Readable } from 'node:stream';
import type { RestoreSection } from '../postgres/restore-command.ts';
import { createRestoreProgress, describeLoaded } from '../postgres/restore-progress.ts';
import type { Stage } from '../process/commands.ts';
import { runPass, type Load } from './load.ts';

export interface DumpStream {
  /** A custom-format dump as it is stored. */
  readonly open: () => Readable;
  /** Decrypt and decompress it. */
  readonly unpack: readonly Stage[];
  /** The dump's beginning as a file: at least its whole table of contents. */
  readonly head: string;
}

/**
 * Restores a custom-format dump while it is read, without scratch disk. A stream can be read by one pg_restore only, in
 * its own order; so definitions and rows come from the stream, and indexes and constraints afterwards `jobs` at a time,
 * for which the table of contents alone is needed.
 */
export async function loadStream(load: Load, stream: DumpStream): Promise<void> {
  const { command, jobs, listing } = load;
  const isWhole = command.selection.contents === 'all' && command.selection.tables.length === 0;
  // What is dropped first must go with the constraints that depend on it, which are in the later part.
  const inOnePass = command.singleTransaction || command.clean || !isWhole;
  const sections: readonly RestoreSection[] = ['pre-data', 'data'];
  const endLoad = load.timeline.begin(inOnePass ? 'restore' : 'load rows');
  const readBefore = load.bytesRead();
  const progress = createRestoreProgress({
    onLoaded: (loaded) => {
      load.onPhase(describeLoaded(loaded, listing));
    },
    onLater: (what, count) => {
      load.onPhase(`building ${what} (${count} of ${listing.laterEntries})`);
    },
  });
  await runPass(
    load,
    { format: 'custom', jobs: 1, ...(!inOnePass && { sections }) },
    { input: stream.open(), before: stream.unpack, progress },
  );
  endLoad(load.bytesRead() - readBefore);
  await load.onLoaded();
  if (!inOnePass) await buildLater(load, { from: stream.head, format: 'custom', jobs, clean: false });
}

/** Builds indexes, constraints and what else follows the rows. */
export async function buildLater(load: Load, pass: LaterPass): Promise<void> {
  const progress = createRestoreProgress({
    onLater: (what, count) => {
      load.onPhase(`building ${what} (${count} of ${load.listing.laterEntries})`);
    },
  });
  await load.timeline.during('indexes and constraints', () =>
    runPass(load, { ...pass, sections: ['post-data'] }, { progress }),
  );
}

export interface LaterPass {
  readonly from: string;
  readonly format: 'custom' | 'directory';
  readonly jobs: number;
  /** Drops those that an earlier attempt has built. */
  readonly clean: boolean;
}
