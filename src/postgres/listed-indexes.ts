import { laterKinds, relationPattern } from './dump-listing.ts';

/** An index or a constraint that the rows of some tables are enough for. */
export interface ListedIndex {
  /** Its dump id, and those of its comments: pg_restore takes these for a part of what stands before them in the list. */
  readonly ids: readonly string[];
  /**
   * Its tables, each as the number of the first entries with rows that are loaded when its own are: it can be built when
   * they are.
   */
  readonly tables: readonly number[];
  /** Dump ids of those that must be built before: the key that a foreign key refers to. */
  readonly after: readonly string[];
  /** A constraint: while it is built nothing else can be built on its tables. */
  readonly isAlone: boolean;
}

interface Entry {
  readonly ids: string[];
  readonly isAlone: boolean;
  needed: readonly string[];
}

const entryPattern = /^(\d+); \d+ \d+ (.+)$/;
const dependenciesPattern = /^;\s+depends on: ([\d ]+)$/;

/**
 * Reads `pg_restore --list --verbose` line by line, which tells what depends on what. It also lists what was not asked
 * for: only entries of `ids` count. What depends on a table without rows of its own (a partitioned one, a materialized
 * view), or on an index that is not told, is not told.
 */
export function createIndexListing(ids: ReadonlySet<string>): {
  readonly add: (line: string) => void;
  read(): readonly ListedIndex[];
} {
  /** By table: how many entries with rows are loaded when its own are. */
  const rowsOf = new Map<string, number>();
  /** What an index may have to wait for: relations, and whatever comes after the rows. */
  const awaited = new Set<string>();
  const entries: Entry[] = [];
  let rows = 0;
  let kind: 'rows' | 'index' | 'comment' | 'other' = 'other';

  function begin(id: string, entry: string): void {
    const isOfIndex = kind === 'index' || kind === 'comment';
    kind = 'other';
    if (!ids.has(id)) return;
    if (/^(?:TABLE DATA|BLOBS) /.test(entry)) {
      kind = 'rows';
      rows += 1;
    } else if (/^(?:INDEX|(?:FK )?CONSTRAINT) /.test(entry)) {
      kind = 'index';
      entries.push({ ids: [id], isAlone: !entry.startsWith('INDEX '), needed: [] });
    } else if (isOfIndex && /^(?:COMMENT|SECURITY LABEL) /.test(entry)) {
      kind = 'comment';
      entries.at(-1)?.ids.push(id);
    }
    if (relationPattern.test(entry) || laterKinds.some((later) => entry.startsWith(`${later} `))) {
      awaited.add(id);
    }
  }

  return {
    add: (line) => {
      const [, id, entry] = entryPattern.exec(line) ?? [];
      if (id !== undefined && entry !== undefined) begin(id, entry);
      const needed = dependenciesPattern.exec(line)?.[1]?.trim().split(/ +/);
      if (needed === undefined) return;
      if (kind === 'rows') for (const table of needed) rowsOf.set(table, rows);
      const last = entries.at(-1);
      if (last === undefined) return;
      if (kind === 'index') last.needed = needed;
      // Of something else that stands before.
      if (kind === 'comment' && !needed.some((each) => each === last.ids[0])) last.ids.pop();
    },
    read: () => {
      const told = new Set<string>();
      return entries.flatMap(({ ids: each, isAlone, needed }) => {
        const tables = [...new Set(needed.flatMap((id) => rowsOf.get(id) ?? []))];
        const after = needed.filter((id) => told.has(id));
        const needsMore = needed.some((id) => awaited.has(id) && !rowsOf.has(id) && !told.has(id));
        if (tables.length === 0 || needsMore) return [];
        told.add(each[0] ?? '');
        return [{ ids: each, tables, after, isAlone }];
      });
    },
  };
}
