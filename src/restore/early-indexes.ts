import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eachLine } from '../artifact/read-back.ts';
import { createIndexListing, type ListedIndex } from '../postgres/listed-indexes.ts';
import { listStage } from '../postgres/restore-command.ts';
import { createRestoreProgress } from '../postgres/restore-progress.ts';
import { runPass, type Load } from './load.ts';

/** Builds indexes of tables whose rows are there while those of others are still being loaded. */
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

/** The indexes of a dump that the rows of some of its tables are enough for. */
export async function listIndexes(load: Load, head: string): Promise<readonly ListedIndex[]> {
  const listing = createIndexListing(new Set(load.listing.ids));
  const pipe = load.commands.pipe([listStage(load.command.tools.pgRestore, ['--verbose', head])]);
  await Promise.all([pipe.done, eachLine(pipe.output, listing.add)]);
  return listing.read();
}

/**
 * While rows are loaded, by one process, the indexes of the tables that are there are built by the others, in rounds.
 * What depends on more than one table's rows is not built here.
 */
export function startEarlyIndexes(load: Load, options: EarlyIndexesOptions): EarlyIndexes {
  const built = new Set<string>();
  const running = new Set<Promise<void>>();
  let waiting = options.indexes;
  let rowsLoaded = 0;
  let rounds = 0;
  let busy = 0;
  let failure: { readonly error: unknown } | undefined;

  function begin(indexes: readonly ListedIndex[], jobs: number): Promise<void> {
    const begun = new Set(indexes);
    const ids = indexes.flatMap((index) => index.ids);
    waiting = waiting.filter((index) => !begun.has(index));
    busy += jobs;
    const round = build(ids, jobs)
      .then(() => {
        for (const id of ids) built.add(id);
      })
      .catch((error: unknown) => {
        failure ??= { error };
        options.onFailure(error);
      })
      .finally(() => {
        busy -= jobs;
        running.delete(round);
      });
    running.add(round);
    return round;
  }

  async function build(ids: readonly string[], jobs: number): Promise<void> {
    rounds += 1;
    const list = join(load.folder, `indexes-${rounds}.list`);
    await writeFile(list, ids.map((id) => `${id};\n`).join(''));
    const progress = createRestoreProgress({ onLater: options.onBuild });
    await runPass(
      load,
      { from: options.head, format: 'custom', jobs, sections: ['post-data'], list },
      { progress, signal: options.signal },
    );
  }

  function goOn(): void {
    if (running.size > 0 || failure !== undefined) return;
    const ready = waiting.filter(({ afterRows }) => afterRows <= rowsLoaded);
    if (ready.length > 0) void begin(ready, Math.min(ready.length, load.jobs - 1)).then(goOn);
  }

  async function settled(): Promise<void> {
    while (running.size > 0) await Promise.all(running);
  }

  return {
    loaded: (count) => {
      rowsLoaded = count;
      goOn();
    },
    settled,
    finish: async () => {
      // Beside a round that is under way there are processes to spare; without one, all that is left is one round.
      const rest = waiting;
      if (running.size > 0 && rest.length > 0 && failure === undefined) {
        void begin(rest, Math.max(1, Math.min(rest.length, load.jobs - busy)));
      }
      await settled();
      if (failure !== undefined) throw failure.error;
      return built;
    },
  };
}
