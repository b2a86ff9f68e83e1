import { defined } from '../base/defined.ts';
import type { Session } from './connect.ts';
import { readName } from './encoding.ts';

/** A relation that a dump reads or that a fingerprint counts. */
export interface Table {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** False for a name that is no text in the database's encoding: it is shown, and cannot be spelled in a statement. */
  readonly isExact: boolean;
  readonly kind: 'table' | 'partitioned' | 'materialized-view' | 'sequence';
  /** Whether a dump holds its definition, and a fingerprint its rows; not so for tables that an extension brings along. */
  readonly ours: boolean;
  /** Lost in a crash, and not to be read on a standby. */
  readonly unlogged: boolean;
  /** False for a materialized view that was never filled, which cannot be read. */
  readonly populated: boolean;
  /** Heap and TOAST without indexes, bytes. */
  readonly bytes: number;
  /** Whether the session's role may read it. */
  readonly readable: boolean;
  /** Whether row security would hide rows from the session's role. */
  readonly hidesRows: boolean;
  /**
   * The columns of a table that has a parent, by name: `this_row.a, this_row.b`. Its own order a restore need not keep, as it
   * begins with the parent's. Absent where one of them cannot be spelled.
   */
  readonly columns?: string;
  /** Oid of the topmost table above it whose rows are told apart by hash: which partition a row is in no restore need keep. */
  readonly hashRoot?: string;
}

/**
 * Every table, partitioned table, materialized view and sequence that pg_dump would dump, by schema and name. Left out
 * are the system's own, temporary and foreign tables, and the tables of extensions, except those whose rows the
 * extension declares to be the user's (`ours` is false for them).
 */
export async function listTables(session: Session): Promise<readonly Table[]> {
  const rows = await session.query<TableRow>(
    `select c.oid::text as oid,
            encode(convert_to(n.nspname, getdatabaseencoding()), 'hex') as schema,
            encode(convert_to(c.relname, getdatabaseencoding()), 'hex') as name,
            getdatabaseencoding() as encoding,
            case c.relkind when 'r' then 'table' when 'p' then 'partitioned'
                           when 'm' then 'materialized-view' else 'sequence' end as kind,
            e.objid is null as ours,
            c.relpersistence = 'u' as unlogged,
            c.relispopulated as populated,
            case when c.relkind in ('r', 'm') then pg_table_size(c.oid) else 0 end as bytes,
            has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as readable,
            c.relkind in ('r', 'p') and c.relrowsecurity and row_security_active(c.oid) as "hidesRows",
            case when c.relkind = 'r' and exists (select from pg_inherits i where i.inhrelid = c.oid) then
              (select encode(convert_to(string_agg('this_row.' || quote_ident(a.attname), ', ' order by a.attname collate "C"), getdatabaseencoding()), 'hex')
                 from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) end as columns,
            case when c.relispartition then
              (select a.relid::oid::text from pg_partition_ancestors(c.oid) with ordinality as a (relid, place)
                 join pg_partitioned_table p on p.partrelid = a.relid and p.partstrat = 'h'
                order by a.place desc limit 1) end as "hashRoot"
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       left join pg_depend e on e.classid = 'pg_class'::regclass and e.objid = c.oid and e.objsubid = 0
                            and e.deptype = 'e'
      where c.relkind in ('r', 'p', 'm', 'S')
        and c.relpersistence <> 't'
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and (e.objid is null or exists (select from pg_extension x where c.oid = any (x.extconfig)))
      order by n.nspname collate "C", c.relname collate "C"`,
    [],
    'listing tables',
  );
  return rows.map(({ encoding, columns, hashRoot, ...row }) => {
    const spelled = columns === null ? undefined : readName(columns, encoding);
    const schema = readName(row.schema, encoding);
    const name = readName(row.name, encoding);
    return {
      ...row,
      schema: schema.text,
      name: name.text,
      isExact: schema.isExact && name.isExact,
      bytes: Number(row.bytes),
      ...defined({
        columns: spelled?.isExact === true ? spelled.text : undefined,
        hashRoot: hashRoot ?? undefined,
      }),
    };
  });
}

/** Names as hex digits of their bytes: some encodings hold names that no UTF-8 can say, and a server would refuse to. */
interface TableRow extends Omit<Table, 'bytes' | 'isExact' | 'columns' | 'hashRoot'> {
  readonly columns: string | null;
  readonly hashRoot: string | null;
  readonly encoding: string;
  readonly bytes: string | null;
}

/** `schema.table`, for people. */
export function describeTable(table: { readonly schema: string; readonly name: string }): string {
  return `${table.schema}.${table.name}`;
}
