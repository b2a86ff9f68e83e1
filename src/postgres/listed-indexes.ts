import { laterKinds, relationPattern } from './dump-listing.ts';

/** An index, or the constraint of one, that the rows of some tables are enough for. */
export interface ListedIndex {
  /** Its dump id, and those of its comments: pg_restore takes these for a part of what stands before them in the list. */
  readonly ids: readonly string[];
  /** It can be built when so many of the first entries with rows are loaded. */
  readonly afterRows: number;
}

const entryPattern = /^(\d+); \d+ \d+ (.+)$/;
const dependenciesPattern = /^;\s+depends on: ([\d ]+)$/;

/**
 * Reads `pg_restore --list --verbose` line by line, which tells what depends on what. It also lists what was not asked
 * for: only entries of `ids` count. Indexes that depend on a table without rows of its own (a partitioned one, a
 * materialized view) or on another index are not told.
 */
export function createIndexListing(ids: ReadonlySet<string>): {
  readonly add: (line: string) => void;
  read(): readonly ListedIndex[];
} {
  /** By table: how many entries with rows are loaded when its own are. */
  const rowsOf = new Map<string, number>();
  /** What an index may have to wait for: relations, and whatever comes after the rows. */
  const awaited = new Set<string>();
  const indexes: { readonly ids: string[]; needed: readonly string[] }[] = [];
  let rows = 0;
  let kind: 'rows' | 'index' | 'comment' | 'other' = 'other';

  function begin(id: string, entry: string): void {
    const isOfIndex = kind === 'index' || kind === 'comment';
    kind = 'other';
    if (!ids.has(id)) return;
    if (/^(?:TABLE DATA|BLOBS) /.test(entry)) {
      kind = 'rows';
      rows += 1;
    } else if (/^(?:INDEX|CONSTRAINT) /.test(entry)) {
      kind = 'index';
      indexes.push({ ids: [id], needed: [] });
    } else if (isOfIndex && /^(?:COMMENT|SECURITY LABEL) /.test(entry)) {
      kind = 'comment';
      indexes.at(-1)?.ids.push(id);
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
      const index = indexes.at(-1);
      if (kind === 'index' && index !== undefined) index.needed = needed;
    },
    read: () =>
      indexes.flatMap(({ ids: each, needed }) => {
        const after = needed.flatMap((id) => rowsOf.get(id) ?? []);
        const needsMore = needed.some((id) => awaited.has(id) && !rowsOf.has(id));
        return after.length === 0 || needsMore ? [] : [{ ids: each, afterRows: Math.max(...after) }];
      }),
  };
}
