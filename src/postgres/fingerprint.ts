import type { Session } from './connect.ts';
import { quoteQualified } from './identifier.ts';
import { describeTable, type Table } from './tables.ts';

export type FingerprintMode = 'counts' | 'content' | 'none';

/** What the tables of a database hold, to hold a restored one against. The same shape as in the manifest. */
export interface Fingerprint {
  readonly mode: FingerprintMode;
  readonly tables: readonly TableFingerprint[];
  readonly largeObjects: number;
}

export interface TableFingerprint {
  readonly schema: string;
  readonly name: string;
  /** Absent in mode `none`. */
  readonly rows?: number;
  /** 32 hex digits, in mode `content` only. */
  readonly hash?: string;
}

export interface FingerprintOptions {
  readonly mode: FingerprintMode;
  /** Leaves out what a standby cannot read. */
  readonly standby: boolean;
  /** Told before each statement, with the first table that it reads. */
  readonly onTable?: (table: string, done: number, total: number) => void;
}

/** One statement reads at most so many tables, and so many bytes when it reads more than one. */
const batchTables = 100;
const batchBytes = 64 * 1024 * 1024;

/**
 * Rows (and, in mode `content`, a hash of the rows) of every table and partition on its own, of materialized views, and
 * the number of large objects, as the session's transaction sees them. Left out: foreign tables, the tables of
 * extensions, materialized views that were never filled or that the role may not read. A materialized view is filled
 * anew by a restore, so its rows can differ when it was stale.
 *
 * The hash of a table is the sum, modulo 2^64 each, of the upper and the lower half of md5 over every row's text: it
 * needs no order and no memory on the server, and repeated rows count. It depends on column order and on the server's
 * encoding, which a restore keeps. Text of a row beyond 1 GB is more than Postgres can build.
 */
export async function takeFingerprint(
  session: Session,
  tables: readonly Table[],
  options: FingerprintOptions,
): Promise<Fingerprint> {
  const counted = tables.filter((table) => isCounted(table, options.standby));
  const [objects] = await session.query<{ number: string }>(
    'select count(*) as number from pg_largeobject_metadata',
    [],
    'counting large objects',
  );
  const largeObjects = Number(objects?.number ?? 0);
  const { mode } = options;
  if (mode === 'none') {
    return { mode: 'none', tables: counted.map(({ schema, name }) => ({ schema, name })), largeObjects };
  }
  const results: TableFingerprint[] = [];
  for (const batch of batchesOf(counted)) {
    const first = describeTable(batch[0]);
    options.onTable?.(first, results.length, counted.length);
    const rows = await session.query<CountRow>(
      batch.map((table, position) => selectOf(table, position, mode)).join('\nunion all\n'),
      [],
      `reading ${first}`,
    );
    results.push(...collect(batch, rows));
  }
  return { mode, tables: results, largeObjects };
}

/** Whether a fingerprint speaks of a table. */
export function isCounted(table: Table, standby: boolean): boolean {
  if (!table.ours || (standby && table.unlogged)) return false;
  if (table.kind === 'materialized-view') return table.populated && table.readable;
  return table.kind === 'table';
}

/** The tables to lock before the dump begins; materialized views cannot be locked by name. */
export function lockedTables(tables: readonly Table[], standby: boolean): readonly Table[] {
  return tables.filter((table) => table.kind === 'table' && isCounted(table, standby));
}

type Batch = readonly [Table, ...Table[]];

/** Small tables share statements, because a database of thousands of them would else pay for round trips alone. */
export function batchesOf(tables: readonly Table[]): readonly Batch[] {
  const batches: [Table, ...Table[]][] = [];
  let bytes = 0;
  for (const table of tables) {
    const last = batches.at(-1);
    if (last === undefined || last.length >= batchTables || bytes + table.bytes > batchBytes) {
      batches.push([table]);
      bytes = table.bytes;
    } else {
      last.push(table);
      bytes += table.bytes;
    }
  }
  return batches;
}

interface CountRow {
  readonly position: number;
  readonly rows: string;
  readonly upper?: string | null;
  readonly lower?: string | null;
}

function selectOf(table: Table, position: number, mode: 'counts' | 'content'): string {
  // A parent's rows are its own; its children are tables of the list themselves.
  const from = `${table.kind === 'table' ? 'only ' : ''}${quoteQualified(table)}`;
  if (mode === 'counts') return `select ${position} as position, count(*) as rows from ${from}`;
  // `offset 0` keeps the planner from computing md5 once for each half.
  return `select ${position} as position, count(*) as rows,
       sum(('x' || left(digest, 16))::bit(64)::bigint) as upper,
       sum(('x' || right(digest, 16))::bit(64)::bigint) as lower
  from (select md5((this_row.*)::text) as digest from ${from} as this_row offset 0) as digests`;
}

function collect(batch: Batch, rows: readonly CountRow[]): readonly TableFingerprint[] {
  const byPosition = new Map(rows.map((row) => [row.position, row]));
  return batch.map(({ schema, name }, position) => {
    const row = byPosition.get(position);
    if (row === undefined) throw new Error(`no count came back for ${describeTable({ schema, name })}`);
    const counted = { schema, name, rows: Number(row.rows) };
    return row.upper === undefined ? counted : { ...counted, hash: hashOf(row.upper, row.lower) };
  });
}

function hashOf(...halves: readonly (string | null | undefined)[]): string {
  return halves
    .map((sum) =>
      BigInt.asUintN(64, BigInt(sum ?? 0))
        .toString(16)
        .padStart(16, '0'),
    )
    .join('');
}
