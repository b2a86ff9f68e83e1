import type { Manifest } from './manifest.ts';

/** What `pg_restore --list` says of a dump, line by line, as far as a verification wants to know it. */
export interface TableOfContents {
  /** Takes one line of the list; lines of other kinds count for nothing. */
  readonly add: (line: string) => void;
  readonly entries: number;
  /** Ids of the entries that have rows to restore; a directory dump has one data file for each. */
  readonly dataIds: ReadonlySet<string>;
  readonly hasLargeObjects: boolean;
  /** Tables of a fingerprint that the list does not hold, as `schema.name`. */
  missing(tables: Manifest['fingerprint']['tables']): string[];
}

/** `3021; 0 16385 TABLE DATA public orders owner`: id, catalogue, oid, then kind, schema, name and owner. */
const entryPattern = /^(\d+); \d+ (\d+) (.+)$/;
/** Longer kinds first: each is the beginning of what stands in an entry. */
const kinds = ['TABLE DATA', 'MATERIALIZED VIEW DATA', 'MATERIALIZED VIEW', 'TABLE', 'BLOBS'] as const;

export function createTableOfContents(): TableOfContents {
  const withRows = new Set<string>();
  const defined = new Set<string>();
  const dataIds = new Set<string>();
  let entries = 0;
  let hasLargeObjects = false;
  return {
    add: (line) => {
      const [, id, oid, entry] = entryPattern.exec(line) ?? [];
      if (id === undefined || oid === undefined || entry === undefined) return;
      entries += 1;
      const kind = kinds.find((known) => entry.startsWith(`${known} `));
      if (kind === undefined) return;
      if (kind === 'BLOBS') hasLargeObjects = true;
      if (kind === 'TABLE DATA') dataIds.add(id);
      const known = kind.endsWith(' DATA') ? withRows : defined;
      known.add(oidKey(oid));
      addNames(known, entry.slice(kind.length + 1));
    },
    get entries() {
      return entries;
    },
    dataIds,
    get hasLargeObjects() {
      return hasLargeObjects;
    },
    missing: (tables) =>
      tables
        .filter(({ schema, name, oid, rows }) => {
          const listed = oid === undefined ? listedName(schema, name) : oidKey(oid);
          return !withRows.has(listed) && ((rows ?? 0) > 0 || !defined.has(listed));
        })
        .map(({ schema, name }) => `${schema}.${name}`),
  };
}

/** No name begins so: a schema's name is never empty. */
function oidKey(oid: string): string {
  return ` ${oid}`;
}

/**
 * Manifests of before there were oids in them have names only. The list separates schema, name and owner by spaces and quotes none of them, so every beginning that ends before a
 * space may be `schema name`: all are kept, and a name with spaces is found as well.
 */
function addNames(names: Set<string>, rest: string): void {
  for (let space = rest.indexOf(' '); space !== -1; space = rest.indexOf(' ', space + 1)) {
    if (space > 0) names.add(rest.slice(0, space));
  }
}

/** As the list spells it: pg_restore replaces line breaks by spaces. */
function listedName(schema: string, name: string): string {
  return `${schema} ${name}`.replaceAll(/[\r\n]/g, ' ');
}
