import { defined } from '../base/defined.ts';
/** What `pg_restore --list` says of a dump: its head, and what a restore wants to know of its entries. */
export interface DumpListing {
  /** Major of the pg_dump that wrote it, and of the server; undefined where the list does not say. */
  readonly dumpMajor: number | undefined;
  readonly serverMajor: number | undefined;
  readonly serverVersion: string | undefined;
  /** `CUSTOM`, `DIRECTORY`, `TAR`. */
  readonly format: string | undefined;
  /** By what its contents create a database or go into another one, in words (`pg_dump --create`, pg_dumpall). */
  readonly creates?: string;
  readonly extensions: readonly string[];
  readonly entries: number;
  /** Entries with rows: tables, and large objects. */
  readonly dataEntries: number;
  /** Dump ids of the entries that set a sequence to its value. */
  readonly sequences: readonly string[];
  /** Indexes, constraints, triggers and what else comes after the rows. */
  readonly laterEntries: number;
  readonly tables: ReadonlyMap<string, ListedTable>;
  /** Dump ids of all entries, in their order. */
  readonly ids: readonly string[];
  /** Each entry as the list has it, by its dump id: `INDEX public orders_by_day owner`. */
  readonly words: ReadonlyMap<string, string>;
  /** What can be read from: tables, views, sequences, as `schema name owner`. */
  readonly relations: readonly string[];
}

/** A table with rows, by its dump id. */
export interface ListedTable {
  /** `schema name owner` as the list has it: names may hold spaces, so it is not taken apart. */
  readonly words: string;
}

/** Kinds that pg_restore creates after the rows (pg_dump's SECTION_POST_DATA), but for privileges. */
export const laterKinds = [
  'INDEX',
  'INDEX ATTACH',
  'CONSTRAINT',
  'FK CONSTRAINT',
  'CHECK CONSTRAINT',
  'TRIGGER',
  'EVENT TRIGGER',
  'RULE',
  'POLICY',
  'ROW SECURITY',
  'STATISTICS',
  'MATERIALIZED VIEW DATA',
  'PUBLICATION',
  'PUBLICATION TABLE',
  'PUBLICATION TABLES IN SCHEMA',
  'SUBSCRIPTION',
];

/** Whether an entry, by its words, comes after the rows. */
export function isLater(entry: string): boolean {
  return laterKinds.some((kind) => entry.startsWith(`${kind} `));
}

/** What can be read from. */
export const relationPattern =
  /^(?:FOREIGN TABLE|TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE) (?!DATA |ATTACH |SET |OWNED BY )(.+)$/;

/** Reads the list line by line; it may hold 100,000 entries. */
export function createDumpListing(): { readonly add: (line: string) => void; read(): DumpListing } {
  const head = new Map<string, string>();
  const tables = new Map<string, ListedTable>();
  const extensions: string[] = [];
  const sequences: string[] = [];
  const relations: string[] = [];
  const words = new Map<string, string>();
  const counts = { entries: 0, data: 0, later: 0 };
  let creates: string | undefined;
  return {
    add: (line) => {
      const [, key, value] = /^;\s+([A-Z][A-Za-z_ ]+): (.*)$/.exec(line) ?? [];
      if (key !== undefined && value !== undefined) {
        head.set(key, value);
        return;
      }
      const [, id, entry] = /^(\d+); \d+ \d+ (.+)$/.exec(line) ?? [];
      if (id === undefined || entry === undefined) return;
      counts.entries += 1;
      words.set(id, entry);
      if (entry.startsWith('TABLE DATA ')) tables.set(id, { words: entry.slice('TABLE DATA '.length) });
      if (/^(?:TABLE DATA|BLOBS) /.test(entry)) counts.data += 1;
      if (entry.startsWith('SEQUENCE SET ')) sequences.push(id);
      const relation = relationPattern.exec(entry)?.[1];
      if (relation !== undefined) relations.push(relation);
      if (isLater(entry)) counts.later += 1;
      const extension = /^EXTENSION - (.+?) *$/.exec(entry)?.[1];
      if (extension !== undefined) extensions.push(extension);
      if (entry.startsWith('DATABASE ')) creates ??= entry;
    },
    read: () => ({
      dumpMajor: majorOf(head.get('Dumped by pg_dump version')),
      serverMajor: majorOf(head.get('Dumped from database version')),
      serverVersion: head.get('Dumped from database version'),
      format: head.get('Format'),
      ...defined({ creates }),
      extensions,
      entries: counts.entries,
      dataEntries: counts.data,
      sequences,
      laterEntries: counts.later,
      tables,
      ids: [...words.keys()],
      words,
      relations,
    }),
  };
}

function majorOf(version: string | undefined): number | undefined {
  const major = Number.parseInt(version ?? '', 10);
  return Number.isNaN(major) ? undefined : major;
}
