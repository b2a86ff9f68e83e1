import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { readName } from './encoding.ts';
import { quoteIdentifier, quoteQualified } from './identifier.ts';
import type { Table } from './tables.ts';

/** What a plan wants of a database dumped: patterns as it says them. Of `only` one kind may be said. */
export interface DumpSelection {
  readonly onlySchemas: readonly string[];
  readonly onlyTables: readonly string[];
  readonly excludedTables: readonly string[];
  readonly excludedData: readonly string[];
}

/** What a selection means in a database, as one transaction shows it. */
export interface SelectedParts {
  /** pg_dump's arguments. */
  readonly arguments: readonly string[];
  /** Whether it dumps a relation. */
  isDumped(table: Pick<Table, 'oid'>): boolean;
  /** Whether it dumps a relation's rows too. */
  hasRows(table: Pick<Table, 'oid'>): boolean;
  /** Tables and views that stay out. */
  readonly leftOut: readonly Named[];
  /** Tables, partitions and materialized views that are dumped empty. */
  readonly withoutRows: readonly Named[];
  /** It leaves something out: anything that is named alone, or something that a pattern of `exclude` names. */
  readonly isPartial: boolean;
  /** Large objects belong to no schema and to no table. */
  readonly withLargeObjects: boolean;
  /** Schemas that the dump needs and does not make, but for `public`. */
  readonly schemas: readonly string[];
  /** Patterns of `exclude` that nothing bears. */
  readonly unmatched: readonly string[];
}

type Named = Pick<Table, 'schema' | 'name'>;

/** A relation of the database that a pattern can name. */
interface Relation extends Named {
  readonly oid: string;
  readonly isExact: boolean;
  readonly kind: string;
  readonly ofExtension: boolean;
  /** Of a partition: its parent. */
  readonly parent: string | null;
}

/** A name within a pattern: of characters that stand for themselves, and `*` and `?` for others. */
interface Pattern {
  /** As pg_dump takes it: what stands for itself is in quotes, so that capitals, dots and blanks are what they are. */
  readonly quoted: string;
  readonly matches: RegExp;
}

/** A name out of a pattern: in double quotes it stands for itself, `""` for a quote. Pure. */
export function namePattern(words: string): Pattern {
  const isQuoted = words.length > 1 && words.startsWith('"') && words.endsWith('"');
  const pieces = isQuoted ? [words.slice(1, -1).replaceAll('""', '"')] : words.split(/([*?])/);
  const quoted = pieces.map((piece, at) => (at % 2 === 1 || piece === '' ? piece : quoteIdentifier(piece)));
  const expressions = pieces.map((piece, at) =>
    at % 2 === 1 ? (piece === '*' ? '.*' : '.') : piece.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`),
  );
  return { quoted: quoted.join(''), matches: new RegExp(`^(?:${expressions.join('')})$`, 'su') };
}

interface TablePattern {
  readonly words: string;
  readonly quoted: string;
  matches(table: Named): boolean;
}

/** `schema.name`, either in double quotes where it holds a dot or a character that stands for others. Pure. */
export function tablePattern(words: string): TablePattern {
  const [, schemaWords, nameWords] = /^("(?:[^"]|"")+"|[^".]+)\.("(?:[^"]|"")+"|[^".]+)$/.exec(words) ?? [];
  if (schemaWords === undefined || nameWords === undefined)
    throw new Failure('plan-invalid', `'${words}' is not schema.name`, {
      hint: 'A name with a dot or a quote is written in double quotes: public."a.b".',
    });
  const [schema, name] = [namePattern(schemaWords), namePattern(nameWords)];
  return {
    words,
    quoted: `${schema.quoted}.${name.quoted}`,
    matches: (table) => schema.matches.test(table.schema) && name.matches.test(table.name),
  };
}

/** pg_dump's arguments for what a selection says, as far as no database is looked at. Pure. */
export function selectionWords(selection: DumpSelection): readonly string[] {
  return [
    ...selection.onlySchemas.map((words) => `--schema=${namePattern(words).quoted}`),
    ...selection.onlyTables.map((words) => `--table=${tablePattern(words).quoted}`),
    ...selection.excludedTables.map((words) => `--exclude-table=${tablePattern(words).quoted}`),
    ...selection.excludedData.map((words) => `--exclude-table-data=${tablePattern(words).quoted}`),
  ];
}

/**
 * What a selection means in the session's database. A partition goes where its parent goes, which pg_dump itself has
 * learnt in version 16 only.
 * @throws Failure `dump-unusable` when nothing bears a pattern of `only`: the dump would miss what it is made for
 */
export async function selectParts(session: Session, selection: DumpSelection): Promise<SelectedParts> {
  const { onlySchemas, onlyTables } = selection;
  const isNarrow = onlySchemas.length + onlyTables.length > 0;
  const relations = await listRelations(session);
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  const bearers = (patterns: readonly TablePattern[]): Bearers => bearersOf(patterns, relations, byOid);
  const only = bearers(onlyTables.map(tablePattern));
  const tables = bearers(selection.excludedTables.map(tablePattern));
  const data = bearers(selection.excludedData.map(tablePattern));
  const schemas = isNarrow ? await listSchemas(session) : [];
  const chosenSchemas = chooseSchemas(onlySchemas, schemas);
  const nothing = [...chosenSchemas.unmatched, ...only.unmatched];
  if (nothing.length > 0) throw bearsNothing(session, nothing);

  const isDumped = (relation: Relation): boolean =>
    !tables.oids.has(relation.oid) &&
    (!isNarrow || only.oids.has(relation.oid) || chosenSchemas.names.has(relation.schema));
  const dumped = new Set(relations.filter(isDumped).map(({ oid }) => oid));
  const withRows = new Set([...dumped].filter((oid) => !data.oids.has(oid)));
  const own = relations.filter(({ ofExtension, kind }) => !ofExtension && kind !== 'S');
  const extensions = isNarrow ? await listExtensions(session) : [];
  return {
    arguments: [
      ...[...chosenSchemas.names].map((schema) => `--schema=${quoteIdentifier(schema)}`),
      ...named(only, relations).map((name) => `--table=${name}`),
      ...extensions.map(({ name }) => `--extension=${quoteIdentifier(name)}`),
      ...spelled(tables, relations).map((name) => `--exclude-table=${name}`),
      ...spelled(data, relations).map((name) => `--exclude-table-data=${name}`),
    ],
    isDumped: ({ oid }) => dumped.has(oid) || !byOid.has(oid),
    hasRows: ({ oid }) => withRows.has(oid) || !byOid.has(oid),
    leftOut: own.filter(({ oid }) => !dumped.has(oid)).map(nameOf),
    withoutRows: own
      .filter(({ oid, kind }) => dumped.has(oid) && !withRows.has(oid) && (kind === 'r' || kind === 'm'))
      .map(nameOf),
    isPartial: isNarrow || tables.oids.size + data.oids.size > 0,
    withLargeObjects: !isNarrow,
    schemas: isNarrow
      ? missingSchemas(chosenSchemas.names, [
          ...extensions.map(({ schema }) => schema),
          ...(onlyTables.length === 0
            ? []
            : relations.filter(({ oid }) => dumped.has(oid)).map(({ schema }) => schema)),
        ])
      : [],
    unmatched: [...tables.unmatched, ...data.unmatched],
  };
}

/** Foreign keys of dumped rows that point to rows which are not dumped, as `schema.table name -> schema.table`. */
export async function keysToLeftOut(session: Session, parts: SelectedParts): Promise<readonly string[]> {
  const keys = await session.query<{ from: string; to: string; words: string }>(
    `select k.conrelid::text as from, k.confrelid::text as to,
            pg_catalog.format('%s.%s (%s -> %s.%s)', n.nspname, c.relname, k.conname, fn.nspname, f.relname) as words
       from (select conrelid, confrelid, conname from pg_catalog.pg_constraint
              where contype = 'f' and conparentid = 0) k
       join pg_catalog.pg_class c on c.oid = k.conrelid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_class f on f.oid = k.confrelid
       join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
      order by 3`,
    [],
    'listing foreign keys',
  );
  return keys
    .filter(({ from, to }) => parts.hasRows({ oid: from }) && !parts.hasRows({ oid: to }))
    .map(({ words }) => words);
}

interface Bearers {
  readonly patterns: readonly TablePattern[];
  readonly oids: ReadonlySet<string>;
  readonly unmatched: readonly string[];
}

function bearersOf(
  patterns: readonly TablePattern[],
  relations: readonly Relation[],
  byOid: ReadonlyMap<string, Relation>,
): Bearers {
  const oids = new Set<string>();
  const matched = new Set<TablePattern>();
  const bears = (relation: Relation | undefined): boolean => {
    if (relation === undefined) return false;
    const found = patterns.filter((pattern) => pattern.matches(relation));
    for (const pattern of found) matched.add(pattern);
    // A partition of what is named: of all that stand above it.
    return bears(byOid.get(relation.parent ?? '')) || found.length > 0;
  };
  if (patterns.length > 0) for (const relation of relations) if (bears(relation)) oids.add(relation.oid);
  return {
    patterns,
    oids,
    unmatched: patterns.filter((pattern) => !matched.has(pattern)).map(({ words }) => words),
  };
}

/** Every bearer by its name. One that no text can spell stays out, and is told as left out. */
function named({ oids }: Bearers, relations: readonly Relation[]): readonly string[] {
  return relations.filter(({ oid, isExact }) => oids.has(oid) && isExact).map(quoteQualified);
}

/** The patterns themselves, and by name the partitions that come with their parents. */
function spelled({ patterns, oids }: Bearers, relations: readonly Relation[]): readonly string[] {
  const besides = relations.filter(
    (relation) =>
      oids.has(relation.oid) && relation.isExact && !patterns.some((pattern) => pattern.matches(relation)),
  );
  return [...patterns.map(({ quoted }) => quoted), ...besides.map(quoteQualified)];
}

function chooseSchemas(
  patterns: readonly string[],
  schemas: readonly string[],
): { readonly names: ReadonlySet<string>; readonly unmatched: readonly string[] } {
  const names = new Set<string>();
  const unmatched: string[] = [];
  for (const words of patterns) {
    const found = schemas.filter((schema) => namePattern(words).matches.test(schema));
    if (found.length === 0) unmatched.push(words);
    for (const schema of found) names.add(schema);
  }
  return { names, unmatched };
}

function missingSchemas(made: ReadonlySet<string>, needed: readonly string[]): readonly string[] {
  const isThere = (schema: string): boolean =>
    made.has(schema) || schema === 'public' || schema === 'pg_catalog';
  return [...new Set(needed.filter((schema) => !isThere(schema)))];
}

function bearsNothing({ endpoint }: Session, patterns: readonly string[]): Failure {
  return new Failure('dump-unusable', `${endpoint.database} has nothing of the name ${patterns.join(', ')}`, {
    hint: "Mend 'only': names are as Postgres has them, capitals too; a dump without what it is made for is none.",
  });
}

function nameOf({ schema, name }: Relation): Named {
  return { schema, name };
}

interface RelationRow extends Omit<Relation, 'isExact'> {
  readonly encoding: string;
}

async function listRelations(session: Session): Promise<readonly Relation[]> {
  const rows = await session.query<RelationRow>(
    `select c.oid::text as oid,
            encode(convert_to(n.nspname, getdatabaseencoding()), 'hex') as schema,
            encode(convert_to(c.relname, getdatabaseencoding()), 'hex') as name,
            getdatabaseencoding() as encoding, c.relkind as kind,
            exists (select from pg_depend e where e.classid = 'pg_class'::regclass and e.objid = c.oid
                                              and e.objsubid = 0 and e.deptype = 'e') as "ofExtension",
            case when c.relispartition
                 then (select inhparent::text from pg_inherits where inhrelid = c.oid) end as parent
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm', 'S', 'v', 'f')
        and c.relpersistence <> 't'
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      order by n.nspname collate "C", c.relname collate "C"`,
    [],
    'listing relations',
  );
  return rows.map(({ encoding, ...row }) => {
    const [schema, name] = [readName(row.schema, encoding), readName(row.name, encoding)];
    return { ...row, schema: schema.text, name: name.text, isExact: schema.isExact && name.isExact };
  });
}

async function listSchemas(session: Session): Promise<readonly string[]> {
  const rows = await session.query<{ name: string; encoding: string }>(
    `select encode(convert_to(nspname, getdatabaseencoding()), 'hex') as name, getdatabaseencoding() as encoding
       from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by nspname`,
    [],
    'listing schemas',
  );
  return rows.map(({ name, encoding }) => readName(name, encoding).text);
}

/** Those that somebody has made, with their schemas. */
function listExtensions(
  session: Session,
): Promise<readonly { readonly name: string; readonly schema: string }[]> {
  return session.query(
    `select e.extname::text as name, n.nspname::text as schema
       from pg_extension e join pg_namespace n on n.oid = e.extnamespace
      where e.oid >= 16384 order by e.extname`,
    [],
    'listing extensions',
  );
}
