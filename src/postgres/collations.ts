import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { quoteIdentifier } from './identifier.ts';
import { orWhyNot } from './savepoint.ts';

/** A collation by which indexes of a database sort, of a library that has versions: neither C nor POSIX. */
export interface UsedCollation {
  /** `default` is the database's own. */
  readonly name: string;
  /** Of the library that sorts now, as the server reads it: glibc's or ICU's own number. */
  readonly version: string;
  /** What the indexes were built with, as the server has noted it; null where nothing is noted. */
  readonly recorded: string | null;
  /** How many indexes. */
  readonly indexes: number;
  /** The first of them. */
  readonly first: readonly string[];
}

/** Indexes of a collation that are named. */
const mostNamed = 5;

/**
 * The collations that indexes use, with their versions. PostgreSQL 14 notes none for the database's own.
 * @param session in a transaction
 * @returns why not, where the server refuses to tell
 * @throws Failure when the session is lost
 */
export async function readCollations(session: Session): Promise<readonly UsedCollation[] | Failure> {
  const ofOwn =
    session.server.major < 15
      ? { recorded: 'null', actual: 'null' }
      : { recorded: 'd.datcollversion', actual: 'pg_catalog.pg_database_collation_actual_version(d.oid)' };
  const found = await orWhyNot(session, () =>
    session.query<Omit<UsedCollation, 'version'> & { readonly version: string | null }>(
      `with used as (
         select distinct u.coll, i.indexrelid
           from pg_catalog.pg_index i cross join lateral unnest(i.indcollation::oid[]) as u(coll)
          where u.coll <> 0
       ), counted as (
         select coll, count(*)::int as indexes,
                (array_agg(indexrelid order by indexrelid))[1:${String(mostNamed)}]::regclass[]::text[] as first
           from used group by coll
       )
       select case when c.collname = 'default' and n.nspname = 'pg_catalog' then '${ofDatabase}'
                   else format('%I.%I', n.nspname, c.collname) end as name,
              case when c.collprovider = 'd' then ${ofOwn.actual}
                   else pg_catalog.pg_collation_actual_version(c.oid) end as version,
              case when c.collprovider = 'd' then ${ofOwn.recorded} else c.collversion end as recorded,
              indexes, first
         from counted
         join pg_catalog.pg_collation c on c.oid = counted.coll
         join pg_catalog.pg_namespace n on n.oid = c.collnamespace
         join pg_catalog.pg_database d on d.datname = current_database()
        order by 1`,
      [],
      'reading the versions of collations',
    ),
  );
  if (found instanceof Failure) return found;
  return found.flatMap(({ version, ...collation }) => (version === null ? [] : [{ ...collation, version }]));
}

/** What an operator must know of collations whose library was another one when indexes were built. Pure. */
export function movedCollations(
  collations: readonly UsedCollation[] | Failure,
  database: string,
): readonly string[] {
  if (collations instanceof Failure) return [notRead(collations)];
  return collations
    .filter(({ version, recorded }) => recorded !== null && recorded !== version)
    .map(({ name, version, recorded, indexes, first }) => {
      const rest = indexes > first.length ? ` and ${String(indexes - first.length)} more` : '';
      const refreshed =
        name === ofDatabase
          ? `alter database ${quoteIdentifier(database)} refresh collation version`
          : `alter collation ${name} refresh version`;
      return (
        `text in ${wordsOf(name)} was sorted by version ${String(recorded)} of the system's library, and is by ${version} now: ` +
        `indexes may miss rows or hold them twice, also for this dump: ${first.join(', ')}${rest}. Look with index-check; 'reindex index concurrently NAME' builds each anew, then '${refreshed}'`
      );
    });
}

/** Collations that sort by another version than at the source. What a restore loads it builds anew, by the new one. Pure. */
export function unlikeCollations(
  then: readonly Pick<UsedCollation, 'name' | 'version'>[],
  now: readonly Pick<UsedCollation, 'name' | 'version'>[] | Failure,
): readonly string[] {
  if (then.length === 0) return [];
  if (now instanceof Failure) return [notRead(now)];
  const versions = new Map(now.map(({ name, version }) => [name, version]));
  return then.flatMap(({ name, version }) => {
    const here = versions.get(name);
    if (here === undefined || here === version) return [];
    return [
      `${wordsOf(name)} is version ${here} of the system's library here, at the source it was ${version}: indexes were built anew by it, and text may sort otherwise than there`,
    ];
  });
}

/** How the database's own collation is called. */
const ofDatabase = 'default';

function wordsOf(name: string): string {
  return name === ofDatabase ? "the database's collation" : `the collation ${name}`;
}

function notRead({ message }: Failure): string {
  return `the versions of collations could not be read: ${message}`;
}
