import { defined } from '../base/defined.ts';
import type { DumpSelection, SelectedParts } from '../postgres/dump-selection.ts';
import type { Fingerprint } from '../postgres/fingerprint.ts';
import type { Snapshot } from '../postgres/snapshot.ts';
import type { PostgresDumpParameters } from '../language/generated/postgres-dump.types.ts';
import type { Manifest } from './manifest.ts';

/** What the manifest of a partial artifact says of it. */
export type PartialDump = NonNullable<Manifest['partial']>;

/** What a plan leaves out; undefined where it wants the whole database. */
export function selectionOf({ only, exclude }: PostgresDumpParameters): DumpSelection | undefined {
  if (only === undefined && exclude === undefined) return undefined;
  return {
    onlySchemas: only?.schemas ?? [],
    onlyTables: only?.tables ?? [],
    excludedTables: exclude?.tables ?? [],
    excludedData: exclude?.data ?? [],
  };
}

/** What the manifest says of a dump that leaves something out; undefined of a whole one. Pure. */
export function partialOf(
  selection: DumpSelection | undefined,
  parts: SelectedParts | undefined,
  { hasLargeObjects }: Pick<Snapshot, 'hasLargeObjects'>,
): PartialDump | undefined {
  if (selection === undefined || parts?.isPartial !== true) return undefined;
  const said = (patterns: readonly string[]): string[] | undefined =>
    patterns.length === 0 ? undefined : [...patterns];
  const largeObjects = hasLargeObjects && !parts.withLargeObjects ? (true as const) : undefined;
  return {
    ...defined({
      onlySchemas: said(selection.onlySchemas),
      onlyTables: said(selection.onlyTables),
      excludedTables: said(selection.excludedTables),
      excludedData: said(selection.excludedData),
      largeObjects,
      schemas: said(parts.schemas),
    }),
    relations: parts.leftOut.length,
    withoutRows: parts.withoutRows.length,
  };
}

/**
 * A fingerprint of what was dumped, with the tables that were dumped empty, which have no rows whatever the database holds,
 * and the names of what is not there. Pure.
 */
export function partialFingerprint(
  fingerprint: Fingerprint,
  snapshot: Pick<Snapshot, 'tables'>,
  isCountedTable: (table: Snapshot['tables'][number]) => boolean,
  parts: SelectedParts,
): Fingerprint {
  const counted = new Map(fingerprint.tables.map((table) => [table.oid, table]));
  const { mode, largeObjects } = fingerprint;
  const tables = snapshot.tables.flatMap((table) => {
    const { schema, name, oid } = table;
    const found = counted.get(oid);
    if (found !== undefined) return [found];
    if (!isCountedTable(table) || !parts.isDumped(table) || parts.hasRows(table)) return [];
    const empty = mode === 'none' ? {} : { rows: 0, ...(mode === 'content' && { hash: '0'.repeat(32) }) };
    return [{ schema, name, oid, ...empty, excluded: true as const }];
  });
  return {
    mode,
    tables,
    ...defined({ largeObjects: parts.withLargeObjects ? largeObjects : undefined }),
    ...(parts.leftOut.length > 0 && { leftOut: [...parts.leftOut] }),
  };
}

/** What a partial artifact holds, or lacks: `only schemas billing; without the rows of audit.* (3 tables)`. Pure. */
export function describePartial(partial: PartialDump): string {
  const { onlySchemas, onlyTables, excludedTables, excludedData, relations, withoutRows } = partial;
  const isNarrow = onlySchemas !== undefined || onlyTables !== undefined;
  const words = [
    ...(onlySchemas === undefined ? [] : [`only schemas ${onlySchemas.join(', ')}`]),
    ...(onlyTables === undefined ? [] : [`only tables ${onlyTables.join(', ')}`]),
    ...(excludedTables === undefined
      ? []
      : [`without ${excludedTables.join(', ')}${isNarrow ? '' : numbered(relations)}`]),
    ...(excludedData === undefined
      ? []
      : [`without the rows of ${excludedData.join(', ')}${numbered(withoutRows)}`]),
    ...(partial.largeObjects === true ? ['without large objects'] : []),
  ];
  return words.join('; ');
}

function numbered(tables: number): string {
  return ` (${String(tables)} ${tables === 1 ? 'table' : 'tables'})`;
}

/** Anything that may be partial: an artifact, or a candidate for removal. */
interface MaybePartial {
  readonly facts?: { readonly partial?: PartialDump | undefined } | undefined;
}

/** Whether an artifact holds a part of its database only. Of one whose manifest cannot be read nobody knows. */
export function isPartial({ facts }: MaybePartial): boolean {
  return facts?.partial !== undefined;
}

/** `partial: only schemas billing`; undefined of a whole one. */
export function partialWords({ facts }: MaybePartial): string | undefined {
  return facts?.partial === undefined ? undefined : `partial: ${describePartial(facts.partial)}`;
}

/** The same for all artifacts that leave out the same, by what their plan says; empty for whole ones. */
export function partialKind({ facts }: MaybePartial): string {
  if (facts?.partial === undefined) return '';
  const { onlySchemas, onlyTables, excludedTables, excludedData } = facts.partial;
  return JSON.stringify(
    [onlySchemas, onlyTables, excludedTables, excludedData].map((words) => words?.toSorted()),
  );
}
