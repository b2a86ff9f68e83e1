import type { ManifestFile } from '../artifact/manifest.ts';
import { together } from '../base/waiting.ts';
import { holdCreation, type CreationHold } from '../postgres/creation-hold.ts';
import type { Session } from '../postgres/connect.ts';
import { createRestoreProgress, describeLoaded, type RestoreProgress } from '../postgres/restore-progress.ts';
import { fetchLargeObjects, loadLargeObjects, type LargeObjects } from './large-objects.ts';
import { loadInOneTransaction } from './load-in-one-transaction.ts';
import { runPass, type Load } from './load.ts';
import { startFeeding, type Feeding } from './table-feeding.ts';
import {
  feedTable,
  makeFifos,
  readsFifos,
  showSize,
  type FeedOptions,
  type TableFeed,
} from './table-feed.ts';

export interface DumpFolder {
  /** A directory-format dump whose large tables are still in the repository. */
  readonly path: string;
  /** Dump id and stored file of each of those that are restored, in the order of the table of contents. */
  readonly tables: ReadonlyMap<string, ManifestFile>;
  readonly feed: Omit<FeedOptions, 'signal' | 'commands' | 'onBytes'>;
  /** Absent: there are none, or `path` holds them. */
  readonly largeObjects?: LargeObjects;
  /** A session in the target, and the table by which pg_restore is held; absent: the order is pg_restore's own. */
  readonly hold?: {
    readonly session: Session;
    readonly table: { readonly schema: string; readonly name: string };
  };
}

/**
 * Restores a directory-format dump in parallel straight from the repository. Each large table is a FIFO that is fed
 * when a worker is about to read it, so nothing of it touches a disk, unless pg_restore refuses FIFOs. Large objects are loaded beside the tables.
 *
 * pg_restore begins with the largest tables by the sizes of their files, and a FIFO has none. So at first files of the
 * right size lie there, empty; they become FIFOs once pg_restore has looked, and until then it is held in the creation
 * of one of the tables by a session of ours. Without that hold the order is that of the dump.
 */
export async function loadDirectory(load: Load, folder: DumpFolder): Promise<void> {
  const feeds = new Map(
    [...folder.tables].map(([id, file]) => [id, { file, path: `${folder.path}/${id}.dat` }] as const),
  );
  await fetchWhereNeeded(load, folder, feeds);
  const isStreamed = feeds.size === folder.tables.size;
  load.onWay(
    `${isSerial(load) ? 'tables, indexes and constraints are loaded one after the other' : `tables, indexes and constraints are loaded ${String(load.jobs)} at a time`}, rows ${isStreamed ? 'as they are read' : 'from the scratch folder'}`,
  );
  const hold = isSerial(load) ? undefined : await takeHold(folder, [...feeds.values()]);
  if (hold === undefined) await makeFifos(load.commands, [...feeds.values()]);
  const feeding = startFeeding(load, folder.feed, feeds);
  const end = load.timeline.begin('load rows');
  const readBefore = load.bytesRead();
  const endLoad = (): void => {
    end(load.bytesRead() - readBefore);
  };
  let endLater: ((bytes?: number) => void) | undefined;
  const loaded = noteOnce(load, feeding, folder.largeObjects === undefined ? 1 : 2);
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
      // Of a table that the server refused nothing is there; the restore ends by that error.
      if (progress.errors() === 0) loaded.part();
    },
    onLater: (what, count) => {
      endLater ??= load.timeline.begin('indexes and constraints');
      load.onPhase(`building ${what} (${count} of ${load.listing.laterEntries})`);
    },
  });
  try {
    await feeding.guard((signal) =>
      readAll(load, folder, {
        progress,
        signal,
        onRows: isSerial(load) ? feeding.inOrder : () => undefined,
        onObjects: loaded.part,
      }),
    );
    await loaded.whole();
  } finally {
    endLoad();
    endLater?.();
  }
}

/**
 * For a pg_restore that reads regular files only: every large table is unpacked into the folder first, so that none is
 * left to be fed. That takes the room of the tables as text.
 */
async function fetchWhereNeeded(
  load: Load,
  folder: DumpFolder,
  feeds: Map<string, TableFeed>,
): Promise<void> {
  const [first] = feeds.keys();
  const { commands, command, signal } = load;
  if (first === undefined) return;
  const question = { path: folder.path, id: first, folder: load.folder };
  if (await readsFifos(commands, command.tools.pgRestore, question)) return;
  const waiting = [...feeds.values()];
  const count = waiting.length;
  load.onPhase(`unpacking ${count} large tables into ${folder.path}: this pg_restore reads files only`);
  const fetchNext = async (ofAll: AbortSignal): Promise<void> => {
    for (let feed = waiting.shift(); feed !== undefined; feed = waiting.shift())
      await feedTable(feed, { ...folder.feed, commands, signal: ofAll, onBytes: load.onBytes });
  };
  if (load.jobs > 1) await together(signal, fetchNext, fetchNext);
  else await fetchNext(signal);
  feeds.clear();
}

function isSerial({ command, jobs }: Load): boolean {
  return command.singleTransaction || jobs === 1;
}

interface Reading {
  readonly progress: RestoreProgress;
  readonly signal: AbortSignal;
  /** The tables are about to be read. */
  readonly onRows: () => void;
  /** The large objects are there. */
  readonly onObjects: () => void;
}

/** Reads tables and large objects: at once where several processes are allowed, in one transaction where that is wanted. */
async function readAll(
  load: Load,
  { path, largeObjects }: DumpFolder,
  { progress, signal, onRows, onObjects }: Reading,
): Promise<void> {
  const rows = (ofBoth: AbortSignal): Promise<void> => {
    onRows();
    return runPass(load, { from: path, format: 'directory', jobs: load.jobs }, { progress, signal: ofBoth });
  };
  if (largeObjects === undefined) return rows(signal);
  if (load.command.singleTransaction) {
    const objects = await fetchLargeObjects(load, largeObjects, signal);
    onRows();
    return loadInOneTransaction(load, [path, objects], { progress, signal });
  }
  const objects = async (ofBoth: AbortSignal): Promise<void> => {
    await loadLargeObjects(load, largeObjects, ofBoth);
    onObjects();
  };
  if (load.jobs > 1) await together(signal, rows, objects);
  else {
    // Before the tables, whose indexes end the restore: what is resumed then has all its rows.
    await objects(signal);
    await rows(signal);
  }
}

/** Notes once that all is loaded, when each of its parts is; one transaction loses its rows when it fails later on. */
function noteOnce(
  load: Load,
  feeding: Feeding,
  parts: number,
): { readonly part: () => void; whole(): Promise<void> } {
  let missing = parts;
  let noted: Promise<void> | undefined;
  return {
    part: () => {
      missing -= 1;
      if (missing > 0 || load.command.singleTransaction) return;
      noted = load.onLoaded();
      feeding.attend(noted);
    },
    whole: () => (noted ??= load.onLoaded()),
  };
}

async function takeHold(folder: DumpFolder, feeds: readonly TableFeed[]): Promise<CreationHold | undefined> {
  if (folder.hold === undefined || feeds.length === 0) return undefined;
  const hold = await holdCreation(folder.hold.session, folder.hold.table);
  if (hold === undefined) return undefined;
  for (const feed of feeds) await showSize(feed);
  return hold;
}
