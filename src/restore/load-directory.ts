import type { ManifestFile } from '../artifact/manifest.ts';
import { holdCreation, type CreationHold } from '../postgres/creation-hold.ts';
import type { Session } from '../postgres/connect.ts';
import { createRestoreProgress, describeLoaded } from '../postgres/restore-progress.ts';
import { Failure } from '../failure.ts';
import { runPass, type Load } from './load.ts';
import { feedTable, makeFifos, showSize, type FeedOptions, type TableFeed } from './table-feed.ts';

export interface DumpFolder {
  /** A directory-format dump whose large tables are still in the repository. */
  readonly path: string;
  /** Dump id and stored file of each of those that are restored, in the order of the table of contents. */
  readonly tables: ReadonlyMap<string, ManifestFile>;
  readonly feed: Omit<FeedOptions, 'signal' | 'commands' | 'onBytes'>;
  /** A session in the target, and the table by which pg_restore is held; absent: the order is pg_restore's own. */
  readonly hold?: {
    readonly session: Session;
    readonly table: { readonly schema: string; readonly name: string };
  };
}

/**
 * Restores a directory-format dump in parallel straight from the repository. Each large table is a FIFO that is fed
 * when a worker is about to read it, so nothing of it touches a disk.
 *
 * pg_restore begins with the largest tables by the sizes of their files, and a FIFO has none. So at first files of the
 * right size lie there, empty; they become FIFOs once pg_restore has looked, and until then it is held in the creation
 * of one of the tables by a session of ours. Without that hold the order is that of the dump.
 */
export async function loadDirectory(load: Load, folder: DumpFolder): Promise<void> {
  const feeds = new Map(
    [...folder.tables].map(([id, file]) => [id, { file, path: `${folder.path}/${id}.dat` }] as const),
  );
  const isSerial = load.command.singleTransaction || load.jobs === 1;
  const hold = isSerial ? undefined : await takeHold(folder, [...feeds.values()]);
  if (hold === undefined) await makeFifos(load.commands, [...feeds.values()]);
  const feeding = startFeeding(load, folder, feeds);
  const end = load.timeline.begin('load rows');
  const readBefore = load.bytesRead();
  const endLoad = (): void => {
    end(load.bytesRead() - readBefore);
  };
  let endLater: ((bytes?: number) => void) | undefined;
  let noted: Promise<void> | undefined;
  const progress = createRestoreProgress({
    onBegun: () => {
      if (hold !== undefined)
        feeding.attend(makeFifos(load.commands, [...feeds.values()]).then(hold.release));
    },
    onLaunch: feeding.launch,
    onLoaded: (count) => {
      load.onPhase(describeLoaded(count, load.listing));
      if (count !== load.listing.dataEntries) return;
      endLoad();
      // One transaction loses its rows when it fails later on.
      if (load.command.singleTransaction) return;
      noted = load.onLoaded();
      feeding.attend(noted);
    },
    onLater: (what, count) => {
      endLater ??= load.timeline.begin('indexes and constraints');
      load.onPhase(`building ${what} (${count} of ${load.listing.laterEntries})`);
    },
  });
  if (isSerial) feeding.inOrder();
  try {
    await feeding.guard((signal) =>
      runPass(load, { from: folder.path, format: 'directory', jobs: load.jobs }, { progress, signal }),
    );
    if (noted === undefined) await load.onLoaded();
  } finally {
    endLoad();
    endLater?.();
  }
}

async function takeHold(folder: DumpFolder, feeds: readonly TableFeed[]): Promise<CreationHold | undefined> {
  if (folder.hold === undefined || feeds.length === 0) return undefined;
  const hold = await holdCreation(folder.hold.session, folder.hold.table);
  if (hold === undefined) return undefined;
  for (const feed of feeds) await showSize(feed);
  return hold;
}

/** The feeds of one restore: each begins when its reader does, and one that fails ends all. */
interface Feeding {
  /** Feeds one table; unknown ids are small tables, whose files lie there. */
  readonly launch: (dumpId: string) => void;
  /** Feeds every table, one after the other. */
  inOrder(): void;
  /** Counts other work in whose failure ends all, too. */
  attend(work: Promise<void>): void;
  /** Runs the reader; both must end well. */
  guard(reader: (signal: AbortSignal) => Promise<void>): Promise<void>;
}

/** What a table may still take to reach its reader's end once that is gone, milliseconds. */
const lastBytesMs = 10_000;

function startFeeding(load: Load, folder: DumpFolder, feeds: ReadonlyMap<string, TableFeed>): Feeding {
  const broken = new AbortController();
  const signal = AbortSignal.any([load.signal, broken.signal]);
  const running: Promise<void>[] = [];
  const fed = new Set<string>();
  let failure: unknown;

  function attend(work: Promise<void>): void {
    running.push(
      work.catch((error: unknown) => {
        failure ??= error;
        broken.abort(error);
      }),
    );
  }
  function feed(id: string, table: TableFeed): Promise<void> {
    fed.add(id);
    return feedTable(table, { ...folder.feed, commands: load.commands, onBytes: load.onBytes, signal });
  }

  return {
    attend,
    launch: (id) => {
      const table = feeds.get(id);
      if (table !== undefined && !fed.has(id)) attend(feed(id, table));
    },
    inOrder: () => {
      attend(
        (async () => {
          for (const [id, table] of feeds) await feed(id, table);
        })(),
      );
    },
    guard: async (reader) => {
      let refusal: unknown;
      try {
        await reader(broken.signal);
        const timer = setTimeout(() => {
          broken.abort(new Failure('restore-failed', 'pg_restore ended before it had read every table'));
        }, lastBytesMs);
        await Promise.all(running);
        clearTimeout(timer);
      } catch (error) {
        refusal = error;
        broken.abort(error);
        await Promise.all(running);
      }
      load.signal.throwIfAborted();
      const told = [failure, refusal].filter((error) => error instanceof Error);
      const cause = told.find(isCause) ?? told.at(-1);
      if (cause !== undefined) throw cause;
      const unread = [...feeds.keys()].filter((id) => !fed.has(id));
      if (unread.length > 0)
        throw new Failure('restore-failed', `pg_restore did not read the rows of ${unread.length} tables`);
    },
  };
}

/** Whether a failure says what happened: a feed whose reader has gone, and a reader that was ended, do not. */
function isCause(error: Error): boolean {
  return !(error instanceof Failure && error.code === 'command-failed');
}
