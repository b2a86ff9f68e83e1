import { firstOf } from '../base/quantity/first-of.ts';
import { isCounted, type Fingerprint, type TableFingerprint } from '../postgres/fingerprint.ts';
import { describeTable, type Table } from '../postgres/tables.ts';
import type { Manifest } from './manifest.ts';

/** A restored database as it was found. */
export interface FoundDatabase {
  /** Every table there is. */
  readonly tables: readonly Table[];
  /** Of `tablesToCount`, in the manifest's mode or in `counts`. */
  readonly fingerprint: Fingerprint;
}

export interface ComparisonOptions {
  /** Tables that are not looked at, as `schema.table`. */
  readonly ignore: ReadonlySet<string>;
  /** Tables that may have more rows than the dump. */
  readonly allowMore: ReadonlySet<string>;
  /** Only a part was restored: what is absent was not asked for. */
  readonly isPartial: boolean;
}

export interface Difference {
  /** `schema.table`, or `large objects`. */
  readonly table: string;
  readonly expected: string;
  readonly found: string;
}

export interface Comparison {
  /** Tables that were held against the manifest. */
  readonly tables: number;
  /** Their rows, as restored. */
  readonly rows: number;
  readonly differences: readonly Difference[];
  /** What is worth knowing and no difference, in words. */
  readonly remarks: readonly string[];
}

type ManifestFingerprint = Manifest['fingerprint'];

/** The tables of a restored database whose rows the manifest speaks of. */
export function tablesToCount(
  manifest: ManifestFingerprint,
  tables: readonly Table[],
  ignore: ReadonlySet<string>,
): readonly Table[] {
  const named = new Set(manifest.tables.map(keyOf));
  return (
    tables
      .filter((table) => named.has(keyOf(table)) && !ignore.has(describeTable(table)))
      // The dump counted it, so it is the user's, whatever the extension of this server says.
      .map((table) => ({ ...table, ours: true }))
  );
}

/** Holds a restored database against the fingerprint of its dump. Pure. */
export function compareWithManifest(
  manifest: ManifestFingerprint,
  found: FoundDatabase,
  { ignore, allowMore, isPartial }: ComparisonOptions,
): Comparison {
  const { wanted: all, tables, counts } = gatherPartitions(manifest.tables, found, ignore, allowMore);
  const differences: Difference[] = [];
  const remarks: string[] = [];
  const total = { tables: 0, rows: 0 };
  const absent: string[] = [];
  for (const wanted of all) {
    const name = describeTable(wanted);
    if (ignore.has(name)) continue;
    const table = tables.get(keyOf(wanted));
    if (table === undefined && isPartial) {
      absent.push(name);
      continue;
    }
    total.tables += wanted.partitions ?? 1;
    const count = counts.get(keyOf(wanted));
    total.rows += count?.rows ?? 0;
    const verdict = compareTable(wanted, table, count, allowMore.has(name));
    if (verdict.difference !== undefined) differences.push({ table: name, ...verdict.difference });
    if (verdict.remark !== undefined) remarks.push(`${name} ${verdict.remark}`);
  }
  const objects = compareLargeObjects(manifest, found.fingerprint, isPartial);
  return {
    ...total,
    differences: objects === undefined ? differences : [...differences, objects],
    remarks: [
      ...remarks,
      ...(absent.length === 0 ? [] : [`not restored and not compared: ${firstOf(absent, 10)}`]),
      ...notInArtifact(manifest),
      ...additional(manifest, found.tables, ignore),
    ],
  };
}

/** A table, or several partitions that are held against the manifest as one. */
interface Wanted extends TableFingerprint {
  readonly partitions?: number;
}

/**
 * Partitions by hash as one table, the topmost that is divided so: in which of them a row is depends, for enums, on numbers
 * that another server gives anew. One that is missing, not counted or treated in its own way leaves all by themselves.
 */
function gatherPartitions(
  manifest: readonly TableFingerprint[],
  found: FoundDatabase,
  ignore: ReadonlySet<string>,
  allowMore: ReadonlySet<string>,
): {
  readonly wanted: readonly Wanted[];
  readonly tables: ReadonlyMap<string, Table>;
  readonly counts: ReadonlyMap<string, TableFingerprint>;
} {
  const tables = new Map(found.tables.map((table) => [keyOf(table), table]));
  const counts = new Map(found.fingerprint.tables.map((count) => [keyOf(count), count]));
  const byOid = new Map(found.tables.map((table) => [table.oid, table]));
  const groups = Map.groupBy(manifest, (each) => tables.get(keyOf(each))?.hashRoot);
  const wanted: Wanted[] = [];
  for (const [oid, partitions] of groups) {
    const root = oid === undefined ? undefined : byOid.get(oid);
    const isOwn = partitions.some((each) => [ignore, allowMore].some((set) => set.has(describeTable(each))));
    const gathered =
      root === undefined || isOwn ? [] : [partitions, partitions.map((each) => counts.get(keyOf(each)))];
    const [expected, counted] = gathered.map(sumOf);
    if (root === undefined || expected === undefined || counted === undefined) {
      wanted.push(...partitions);
      continue;
    }
    const { schema, name } = root;
    wanted.push({ schema, name, ...expected, partitions: partitions.length });
    tables.set(keyOf(root), { ...root, kind: 'table', ours: true });
    counts.set(keyOf(root), { schema, name, ...counted });
  }
  return { wanted, tables, counts };
}

/** Rows and hashes of several tables together; undefined where one was not counted. */
function sumOf(
  list: readonly (TableFingerprint | undefined)[],
): Pick<TableFingerprint, 'rows' | 'hash'> | undefined {
  const rows = list.flatMap((each) => each?.rows ?? []);
  if (rows.length < list.length) return undefined;
  const hashes = list.flatMap((each) => each?.hash ?? []).filter((hash) => /^[0-9a-f]{32}$/.test(hash));
  const half = (from: number): string =>
    BigInt.asUintN(
      64,
      hashes.reduce((sum, hash) => sum + BigInt(`0x${hash.slice(from, from + 16)}`), 0n),
    )
      .toString(16)
      .padStart(16, '0');
  return {
    rows: rows.reduce((sum, count) => sum + count, 0),
    ...(hashes.length === list.length && { hash: half(0) + half(16) }),
  };
}

interface TableVerdict {
  readonly difference?: Omit<Difference, 'table'>;
  readonly remark?: string;
}

function compareTable(
  wanted: TableFingerprint,
  table: Table | undefined,
  count: TableFingerprint | undefined,
  mayHaveMore: boolean,
): TableVerdict {
  const expected = wanted.rows === undefined ? 'a table' : rowsOf(wanted.rows);
  const unlike = (found: string, more = ''): TableVerdict => ({
    difference: { expected: `${expected}${more}`, found },
  });
  if (table === undefined) return unlike('no such table');
  if (wanted.excluded === true && table.kind === 'materialized-view') return {};
  if (table.kind === 'materialized-view' && !table.populated) return unlike('a view that is not filled');
  if (table.kind === 'materialized-view' && !table.readable)
    return { remark: 'is a materialized view that this role may not read, and was not compared' };
  if (!isCounted({ ...table, ours: true }, false)) return unlike(`a ${words[table.kind]}`);
  if (wanted.unknown !== undefined)
    return { remark: `could not be counted when it was dumped, and was not compared: ${wanted.unknown}` };
  if (wanted.rows === undefined) return {};
  if (count?.unknown !== undefined) return unlike(`what cannot be counted: ${count.unknown}`);
  if (count?.rows === undefined) return { remark: 'cannot be read on a standby, and was not compared' };
  const isOther = count.hash !== undefined && wanted.hash !== undefined && count.hash !== wanted.hash;
  if (count.rows === wanted.rows && !isOther) return {};
  if (table.kind === 'materialized-view') {
    const what = count.rows === wanted.rows ? 'other content' : rowsOf(count.rows);
    return { remark: `has ${what} where the dump had ${expected}: a restore fills it anew` };
  }
  if (count.rows === wanted.rows) return unlike(`${rowsOf(count.rows)} of other content`, ' as in the dump');
  if (mayHaveMore && count.rows > wanted.rows)
    return { remark: `has ${rowsOf(count.rows)}, more than the ${expected} of the dump, as it may` };
  return unlike(rowsOf(count.rows));
}

const words: Readonly<Record<Table['kind'], string>> = {
  table: 'table',
  partitioned: 'partitioned table',
  'materialized-view': 'materialized view',
  sequence: 'sequence',
};

function compareLargeObjects(
  { largeObjects }: ManifestFingerprint,
  found: Fingerprint,
  isPartial: boolean,
): Difference | undefined {
  if (largeObjects === undefined || isPartial || largeObjects === found.largeObjects) return undefined;
  return {
    table: 'large objects',
    expected: String(largeObjects),
    found: found.largeObjects === undefined ? 'what cannot be counted' : String(found.largeObjects),
  };
}

/** What the plan left out of a partial artifact. */
function notInArtifact({ tables, leftOut = [] }: ManifestFingerprint): readonly string[] {
  const empty = tables.filter(({ excluded }) => excluded === true).map(describeTable);
  return [
    ...(leftOut.length === 0
      ? []
      : [`not in the artifact, and not compared: ${firstOf(leftOut.map(describeTable), 10)}`]),
    ...(empty.length === 0
      ? []
      : [`in the artifact without rows, which were not compared: ${firstOf(empty, 10)}`]),
  ];
}

/** A migration may have made them, or a standby could not count them. */
function additional(
  manifest: ManifestFingerprint,
  tables: readonly Table[],
  ignore: ReadonlySet<string>,
): readonly string[] {
  const named = new Set([...manifest.tables, ...(manifest.leftOut ?? [])].map(keyOf));
  const names = tables
    .filter((table) => isCounted(table, false) && !named.has(keyOf(table)))
    .map(describeTable)
    .filter((name) => !ignore.has(name));
  return names.length === 0 ? [] : [`the manifest does not speak of ${firstOf(names, 10)}`];
}

function rowsOf(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}

/** A name may hold any character, dots too. */
function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}
