import { defined } from '../base/defined.ts';
import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { quoteLiteral, quoteQualified } from './identifier.ts';
import { orWhyNot } from './savepoint.ts';
import { describeTable, type Table } from './tables.ts';

export type FingerprintMode = 'counts' | 'content' | 'none';

/** What the tables of a database hold, to hold a restored one against. The same shape as in the manifest. */
export interface Fingerprint {
  readonly mode: FingerprintMode;
  /** In mode `content`: a row's columns stand by name where a restore need not keep their order. Absent in older manifests. */
  readonly columns?: 'by-name';
  readonly tables: readonly TableFingerprint[];
  /** Absent where they could not be counted. */
  readonly largeObjects?: number;
  /** Tables and views that are not in the dump; absent where there are none. */
  readonly leftOut?: { schema: string; name: string }[];
}

export interface TableFingerprint {
  readonly schema: string;
  readonly name: string;
  /** By which a dump's table of contents names it too, whatever its name. */
  readonly oid?: string;
  /** Absent in mode `none`, and where they could not be counted. */
  readonly rows?: number;
  /** 32 hex digits, in mode `content` only. */
  readonly hash?: string;
  /** Why it could not be counted, in the server's words. */
  readonly unknown?: string;
  /** Dumped without its rows. */
  readonly excluded?: true;
}

export interface FingerprintOptions {
  readonly mode: FingerprintMode;
  /** Leaves out what a standby cannot read. */
  readonly standby: boolean;
  /** Columns of rows by their places, as older manifests have them. */
  readonly columnsByPlace?: boolean;
  /** Done before each statement but the first: to let go of what the one before has locked. */
  readonly between?: () => Promise<void>;
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
 * needs no order and no memory on the server, and repeated rows count. It depends on the order of columns, which is by name
 * where a restore need not keep it, and on the server's encoding.
 * Text of a row beyond 1 GB is more than Postgres can build.
 *
 * pg_dump copies a table, and never plans a statement of it. A count is planned, and so may fail where a dump does not:
 * of an index on a function that finds another by the search path, for one. Such a table is asked again by itself, then
 * with every schema in the path; what fails even so is told as `unknown`.
 * @throws Failure when the session is lost or aborted
 */
export async function takeFingerprint(
  session: Session,
  tables: readonly Table[],
  options: FingerprintOptions,
): Promise<Fingerprint> {
  const { mode } = options;
  const counted = tables.filter((table) => isCounted(table, options.standby));
  const largeObjects = defined({ largeObjects: await countLargeObjects(session) });
  if (mode === 'none') return { mode, tables: counted.map(named), ...largeObjects };
  const results: TableFingerprint[] = [];
  const counting = options.columnsByPlace === true ? counted.map(byPlace) : counted;
  for (const batch of batchesOf(counting)) {
    if (results.length > 0) await options.between?.();
    options.onTable?.(describeTable(batch[0]), results.length, counted.length);
    results.push(...(await countBatch(session, batch, mode)));
  }
  const isByName = mode === 'content' && options.columnsByPlace !== true;
  return { mode, ...(isByName && { columns: 'by-name' as const }), tables: results, ...largeObjects };
}

function byPlace({ columns: _, ...table }: Table): Table {
  return table;
}

async function countLargeObjects(session: Session): Promise<number | undefined> {
  const counted = await orWhyNot(session, () =>
    session.query<{ number: string }>(
      'select count(*) as number from pg_catalog.pg_largeobject_metadata',
      [],
      'counting large objects',
    ),
  );
  return counted instanceof Failure ? undefined : Number(counted[0]?.number ?? 0);
}

/** A statement of many tables fails as a whole: then each is asked for by itself. */
async function countBatch(
  session: Session,
  batch: readonly Table[],
  mode: 'counts' | 'content',
): Promise<readonly TableFingerprint[]> {
  const spelled = batch.filter(({ isExact }) => isExact);
  const statement = spelled.map((table) => selectOf(table, mode)).join('\nunion all\n');
  const counted =
    spelled.length === 0
      ? []
      : await orWhyNot(session, () => session.query<CountRow>(statement, [], doing(spelled)));
  const rows = counted instanceof Failure ? [] : counted;
  const byOid = new Map(rows.map((row) => [row.oid, row]));
  const results: TableFingerprint[] = [];
  for (const table of batch) {
    const row = byOid.get(table.oid);
    results.push(row === undefined ? await countAlone(session, table, mode) : found(table, row, mode));
  }
  return results;
}

function doing([first, ...rest]: readonly Table[]): string {
  const more = rest.length === 0 ? '' : ` and ${String(rest.length)} more`;
  return first === undefined ? '' : `counting ${describeTable(first)}${more}`;
}

/** With the names that a function of an index may need; what fails all the same is unknown. */
async function countAlone(
  session: Session,
  table: Table,
  mode: 'counts' | 'content',
): Promise<TableFingerprint> {
  const ask = async (): Promise<CountRow | undefined> => {
    await session.query(everySchemaInPath);
    if (table.isExact) return (await session.query<CountRow>(selectOf(table, mode)))[0];
    await session.query(countedByOid(table, mode));
    return (await session.query<CountRow>(readCounted))[0];
  };
  const row = await orWhyNot(session, ask);
  if (row === undefined) throw new Error(`no count came back for ${describeTable(table)}`);
  await session.query(`select pg_catalog.set_config('search_path', '', true)`);
  return row instanceof Failure ? { ...named(table), unknown: row.message } : found(table, row, mode);
}

/** Gives way to nothing of the system's: that comes first, whatever the path. */
const everySchemaInPath = `select pg_catalog.length(pg_catalog.set_config('search_path', (
  select pg_catalog.string_agg(pg_catalog.quote_ident(nspname), ', ' order by nspname = 'public' desc, nspname)
    from pg_catalog.pg_namespace
   where nspname !~ '^pg_' and pg_catalog.has_schema_privilege(oid, 'USAGE')), true))`;

/** A name that no text of ours can spell is spelled by the server. */
function countedByOid(table: Table, mode: 'counts' | 'content'): string {
  const counting = selectOf(table, mode, '%s');
  return `do $count$
declare counted json;
begin
  execute pg_catalog.format(${quoteLiteral(`select row_to_json(it) from (${counting}) as it`)},
                            ${quoteLiteral(table.oid)}::pg_catalog.regclass) into counted;
  perform pg_catalog.set_config('run_plan.counted', counted::text, true);
end $count$`;
}

const readCounted = `select it.* from pg_catalog.json_to_record(pg_catalog.current_setting('run_plan.counted')::json)
  as it (oid text, rows text, upper text, lower text)`;

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
  readonly oid: string;
  readonly rows: string;
  readonly upper?: string | null;
  readonly lower?: string | null;
}

function selectOf(table: Table, mode: 'counts' | 'content', name = quoteQualified(table)): string {
  // A parent's rows are its own; its children are tables of the list themselves.
  const from = `${table.kind === 'table' ? 'only ' : ''}${name}`;
  const oid = `${quoteLiteral(table.oid)} as oid`;
  if (mode === 'counts') return `select ${oid}, pg_catalog.count(*)::text as rows from ${from}`;
  const row = table.columns === undefined ? 'this_row.*' : `row(${table.columns})`;
  // `offset 0` keeps the planner from computing md5 once for each half.
  return `select ${oid}, pg_catalog.count(*)::text as rows,
       pg_catalog.sum(('x' || pg_catalog.left(digest, 16))::bit(64)::bigint)::text as upper,
       pg_catalog.sum(('x' || pg_catalog.right(digest, 16))::bit(64)::bigint)::text as lower
  from (select pg_catalog.md5((${row})::text) as digest from ${from} as this_row offset 0) as digests`;
}

function named({ schema, name, oid }: Table): TableFingerprint {
  return { schema, name, oid };
}

function found(table: Table, { rows, upper, lower }: CountRow, mode: FingerprintMode): TableFingerprint {
  const counted = { ...named(table), rows: Number(rows) };
  return mode === 'counts' ? counted : { ...counted, hash: hashOf(upper, lower) };
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
