import { Failure } from '../base/failure.ts';
import type { Load } from './load.ts';
import { feedTable, type FeedOptions, type TableFeed } from './table-feed.ts';

/** The feeds of one restore: each begins when its reader does, and one that fails ends all. */
export interface Feeding {
  /** Feeds one table; unknown ids are small tables, whose files lie there. */
  readonly launch: (dumpId: string) => void;
  /** Feeds every table, one after the other. */
  readonly inOrder: () => void;
  /** Counts other work in whose failure ends all, too. */
  attend(work: Promise<void>): void;
  /** Runs the reader; both must end well. */
  guard(reader: (signal: AbortSignal) => Promise<void>): Promise<void>;
}

/** What a table may still take to reach its reader's end once that is gone, milliseconds. */
const lastBytesMs = 10_000;

/** Feeds tables, by dump id, as their reader comes to them. */
export function startFeeding(
  load: Load,
  from: Pick<FeedOptions, 'repository' | 'unpack'>,
  feeds: ReadonlyMap<string, TableFeed>,
): Feeding {
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
    return feedTable(table, { ...from, commands: load.commands, onBytes: load.onBytes, signal });
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
