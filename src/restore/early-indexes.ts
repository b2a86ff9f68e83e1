import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eachLine } from '../artifact/read-back.ts';
import { createIndexListing, type ListedIndex } from '../postgres/listed-indexes.ts';
import { listStage } from '../postgres/restore-command.ts';
import { createRestoreProgress } from '../postgres/restore-progress.ts';
import { runPass, type Load } from './load.ts';

/** Builds indexes and constraints of tables whose rows are there while those of others are still being loaded. */
export interface EarlyIndexes {
  /** So many of the first data entries are loaded. */
  readonly loaded: (count: number) => void;
  /** Every row is there: ends what is under way, and gives the dump ids of what was built. @throws what a building threw */
  finish(): Promise<ReadonlySet<string>>;
  /** Resolves when nothing is being built any more; never rejects. */
  settled(): Promise<void>;
}

export interface EarlyIndexesOptions {
  /** The dump, or its beginning: the table of contents is needed alone. */
  readonly head: string;
  readonly indexes: readonly ListedIndex[];
  readonly signal: AbortSignal;
  /** Told each index or constraint that begins: kind and name. */
  readonly onBuild: (what: string) => void;
  readonly onFailure: (error: unknown) => void;
}

/** The indexes and constraints of a dump that the rows of some of its tables are enough for. */
export async function listIndexes(load: Load, head: string): Promise<readonly ListedIndex[]> {
  const listing = createIndexListing(new Set(load.listing.ids));
  const pipe = load.commands.pipe([listStage(load.command.tools.pgRestore, ['--verbose', head])]);
  await Promise.all([pipe.done, eachLine(pipe.output, listing.add)]);
  return listing.read();
}

/** A pass that took less than this was hardly worth its start: the next takes more indexes, milliseconds. */
const briefPassMs = 300;

/**
 * While rows are loaded, by one process, the indexes of the tables that are there are built by the others, and once the
 * rows are there by all. A process that was given many could not be helped with them by one that has nothing left to do,
 * so each takes few at a time: one, and more where they are so small that starting a pass would take longer.
 * What needs more than rows and indexes is not built here.
 */
export function startEarlyIndexes(load: Load, options: EarlyIndexesOptions): EarlyIndexes {
  const built = new Set<string>();
  const running = new Map<Promise<void>, readonly ListedIndex[]>();
  let waiting = options.indexes;
  let rowsLoaded = 0;
  let processes = load.jobs - 1;
  let atATime = 1;
  let passes = 0;
  let failure: { readonly error: unknown } | undefined;

  function goOn(): void {
    while (running.size < processes && failure === undefined) {
      const busy = busyTables();
      // What is loaded last is waited for in the end: it has no rows of others to be built beside.
      const taken = waiting
        .filter((index) => canBegin(index, busy))
        .toSorted(byNewestTable)
        .slice(0, atATime);
      if (taken.length === 0) return;
      const begun = new Set(taken);
      waiting = waiting.filter((index) => !begun.has(index));
      begin(taken);
    }
  }

  /** The tables that something is being built on, and whether nothing else can be. */
  function busyTables(): ReadonlyMap<number, boolean> {
    const busy = new Map<number, boolean>();
    for (const { tables, isAlone } of [...running.values()].flat())
      for (const table of tables) busy.set(table, isAlone || busy.get(table) === true);
    return busy;
  }

  /** Its rows are there, what it refers to is built, and there is nobody at its tables that it would wait for. */
  function canBegin({ tables, after, isAlone }: ListedIndex, busy: ReadonlyMap<number, boolean>): boolean {
    return (
      tables.every(
        (table) => table <= rowsLoaded && (isAlone ? !busy.has(table) : busy.get(table) !== true),
      ) && after.every((id) => built.has(id))
    );
  }

  function begin(indexes: readonly ListedIndex[]): void {
    const ids = indexes.flatMap((index) => index.ids);
    const startedMs = performance.now();
    const pass = build(ids)
      .then(() => {
        for (const id of ids) built.add(id);
        const isBrief = performance.now() - startedMs < briefPassMs;
        atATime = isBrief ? atATime * 2 : Math.max(1, Math.floor(atATime / 2));
      })
      .catch((error: unknown) => {
        failure ??= { error };
        options.onFailure(error);
      })
      .finally(() => {
        running.delete(pass);
        goOn();
      });
    running.set(pass, indexes);
  }

  async function build(ids: readonly string[]): Promise<void> {
    passes += 1;
    const list = join(load.folder, `indexes-${passes}.list`);
    await writeFile(list, ids.map((id) => `${id};\n`).join(''));
    const progress = createRestoreProgress({ onLater: options.onBuild });
    await runPass(
      load,
      { from: options.head, format: 'custom', jobs: 1, sections: ['post-data'], list },
      { progress, signal: options.signal },
    );
  }

  async function settled(): Promise<void> {
    while (running.size > 0) await Promise.all(running.keys());
  }

  return {
    loaded: (count) => {
      rowsLoaded = count;
      goOn();
    },
    settled,
    finish: async () => {
      // Where nothing is under way, one pass of all processes builds what is left.
      if (running.size > 0) {
        processes = load.jobs;
        goOn();
      }
      await settled();
      if (failure !== undefined) throw failure.error;
      return built;
    },
  };
}

function byNewestTable(left: ListedIndex, right: ListedIndex): number {
  return Math.max(...right.tables) - Math.max(...left.tables);
}
