import type { Manifest } from '../artifact/manifest.ts';
import { Failure } from '../base/failure.ts';
import { firstOf } from '../base/quantity/first-of.ts';
import { readCollations, unlikeCollations } from '../postgres/collations.ts';
import type { Session } from '../postgres/connect.ts';
import { quoteIdentifier, quoteQualified } from '../postgres/identifier.ts';

/** What a restored database looks like once its rows and indexes are there. */
export interface AfterLoad {
  readonly databaseBytes: number;
  /** What an operator should look at; the restore is good all the same. */
  readonly remarks: readonly string[];
}

/**
 * Looks at a restored database: extensions as they were, indexes valid, sequences ahead of their columns.
 * @throws Failure `restore-failed` for an extension or index that is not what a whole restore leaves
 */
export async function checkAfterLoad(session: Session, manifest: Manifest | undefined): Promise<AfterLoad> {
  const extensions = await compareExtensions(session, manifest);
  const invalid = await session.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
      where not (i.indisvalid and i.indisready) and c.relkind <> 'I' and n.nspname !~ '^pg_toast'
      order by 1`,
    [],
    'looking for invalid indexes',
  );
  if (invalid.length > 0) {
    throw new Failure(
      'restore-failed',
      `invalid indexes after the restore: ${firstOf(invalid.map(({ name }) => name))}`,
      {
        hint: 'Build them again: reindex index NAME.',
      },
    );
  }
  const unvalidated = await session.query<{ name: string }>(
    `select format('%s on %s', conname, conrelid::regclass) as name
       from pg_constraint where not convalidated and conrelid <> 0 order by 1`,
    [],
    'looking for constraints that were not validated',
  );
  const behind = await sequencesBehind(session);
  await session.query('begin read only');
  const collations = await readCollations(session);
  await session.query('commit');
  const [size] = await session.query<{ bytes: string }>(
    'select pg_database_size(current_database())::text as bytes',
  );
  return {
    databaseBytes: Number(size?.bytes ?? 0),
    remarks: [
      ...extensions,
      ...unlikeCollations(manifest?.collations ?? [], collations),
      ...named(
        'constraints that were never validated, as in the source',
        unvalidated.map(({ name }) => name),
      ),
      ...named('sequences behind their columns: the next insert would collide', behind),
    ],
  };
}

async function compareExtensions(
  session: Session,
  manifest: Manifest | undefined,
): Promise<readonly string[]> {
  if (manifest === undefined) return [];
  const rows = await session.query<{ name: string; version: string }>(
    'select extname as name, extversion as version from pg_extension',
  );
  const restored = new Map(rows.map(({ name, version }) => [name, version]));
  const missing = manifest.server.extensions.filter(({ name }) => !restored.has(name));
  if (missing.length > 0) {
    throw new Failure(
      'restore-failed',
      `extensions are missing after the restore: ${firstOf(missing.map(({ name }) => name))}`,
    );
  }
  return manifest.server.extensions.flatMap(({ name, version }) => {
    const now = restored.get(name);
    return now === undefined || now === version
      ? []
      : [`extension ${name} is ${now}, in the source it was ${version}`];
  });
}

interface OwnedSequence {
  readonly schema: string;
  readonly name: string;
  readonly tableSchema: string;
  readonly tableName: string;
  readonly column: string;
}

/** Sequences of serial and identity columns whose next value would not be new; only where an index gives the maximum at once. */
async function sequencesBehind(session: Session): Promise<readonly string[]> {
  const owned = await session.query<OwnedSequence>(
    `select sn.nspname as schema, s.relname as name, tn.nspname as "tableSchema", t.relname as "tableName",
            a.attname as column
       from pg_class s
       join pg_namespace sn on sn.oid = s.relnamespace
       join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.deptype in ('a', 'i')
                       and d.refclassid = 'pg_class'::regclass
       join pg_class t on t.oid = d.refobjid and t.relkind in ('r', 'p')
       join pg_namespace tn on tn.oid = t.relnamespace
       join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
       join pg_sequence q on q.seqrelid = s.oid and q.seqincrement > 0
      where s.relkind = 'S'
        and exists (select from pg_index i where i.indrelid = t.oid and i.indkey[0] = a.attnum and i.indisvalid)
      order by 1, 2`,
    [],
    'listing sequences',
  );
  const behind: string[] = [];
  for (const sequence of owned) {
    const name = quoteQualified(sequence);
    const table = quoteQualified({ schema: sequence.tableSchema, name: sequence.tableName });
    const [row] = await session.query<{ behind: boolean }>(
      `select coalesce((select max(${quoteIdentifier(sequence.column)})::numeric from ${table}), 0)
              > (select case when is_called then last_value else last_value - 1 end from ${name}) as behind`,
      [],
      `looking at the sequence ${name}`,
    );
    if (row?.behind === true) behind.push(`${sequence.schema}.${sequence.name}`);
  }
  return behind;
}

function named(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what}: ${firstOf(names)}`];
}
