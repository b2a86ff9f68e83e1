import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { quoteIdentifier } from './identifier.ts';
import { orWhyNot } from './savepoint.ts';

/** A B-tree index, as people write it. */
export interface CheckedIndex {
  readonly index: string;
  readonly table: string;
  /** What amcheck found, in the server's words; undefined when it is sound. */
  readonly damage: string | undefined;
}

export interface IndexCheckOptions {
  /** Also looks whether every row is in the index. */
  readonly heapAllIndexed: boolean;
  /**
   * The database was made by this run, so amcheck may be put into it where it is missing: in a transaction that is
   * rolled back.
   */
  readonly mayInstall: boolean;
  readonly onProgress: (done: number, of: number) => void;
}

/**
 * Holds every B-tree index of the session's database against the order that its operators and collations have on this
 * server (amcheck's `bt_index_check`), the catalogue's too; writers are not kept waiting. A text says why it cannot be done.
 * @throws Failure `postgres-*`
 */
export async function checkIndexes(
  session: Session,
  options: IndexCheckOptions,
): Promise<readonly CheckedIndex[] | string> {
  await session.query('begin');
  try {
    const found = await findAmcheck(session, options.mayInstall);
    if ('reason' in found) return found.reason;
    const check = `${quoteIdentifier(found.schema)}.bt_index_check`;
    const indexes = await listIndexes(session);
    const checked: CheckedIndex[] = [];
    for (const [done, { oid, index, table }] of indexes.entries()) {
      options.onProgress(done, indexes.length);
      const call = `select ${check}($1::oid::regclass, $2::bool)`;
      const ask = () => session.query(call, [oid, options.heapAllIndexed], `checking the index ${index}`);
      const answer = await orWhyNot(session, ask);
      if (answer instanceof Failure && answer.fields.sqlstate === gone) continue;
      checked.push({ index, table, damage: answer instanceof Failure ? wordsOf(answer) : undefined });
    }
    return checked;
  } finally {
    // On a session that is gone this fails too, and the first error says why.
    await session.query('rollback').catch(() => undefined);
  }
}

/** SQLSTATE of an index that somebody has dropped meanwhile. */
const gone = '42P01';

/** amcheck's schema, or why there is none that this role may use. */
async function findAmcheck(
  session: Session,
  mayInstall: boolean,
): Promise<{ readonly schema: string } | { readonly reason: string }> {
  const { database } = session.endpoint;
  const [amcheck] = await session.query<{ schema: string; mayUse: boolean }>(
    `select n.nspname as schema,
            has_schema_privilege(n.oid, 'USAGE') and exists (
              select from pg_proc p
               where p.pronamespace = n.oid and p.proname = 'bt_index_check' and p.pronargs >= 2
                 and has_function_privilege(p.oid, 'EXECUTE')) as "mayUse"
       from pg_extension e join pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'amcheck'`,
    [],
    'looking for amcheck',
  );
  if (amcheck?.mayUse === true) return amcheck;
  if (amcheck !== undefined)
    return { reason: `the role may not use amcheck in ${database}: grant it execute on bt_index_check` };
  const [available] = await session.query(
    "select from pg_available_extensions where name = 'amcheck'",
    [],
    'looking for amcheck',
  );
  if (available === undefined)
    return {
      reason: `the server of ${database} has no amcheck; on Debian it comes with the server's package`,
    };
  if (!mayInstall || !session.server.superuser)
    return {
      reason: `amcheck is not installed in ${database}: a superuser's 'create extension amcheck' puts it there`,
    };
  await session.query('create schema run_plan_amcheck; create extension amcheck schema run_plan_amcheck');
  return { schema: 'run_plan_amcheck' };
}

interface ListedIndex {
  readonly oid: string;
  readonly index: string;
  readonly table: string;
}

/** Those that queries use: valid, and neither of a session nor, on a standby, without a log. */
function listIndexes(session: Session): Promise<readonly ListedIndex[]> {
  return session.query<ListedIndex>(
    `select i.indexrelid::text as oid,
            format('%I.%I', n.nspname, c.relname) as index,
            format('%I.%I', tn.nspname, t.relname) as table
       from pg_index i
       join pg_class c on c.oid = i.indexrelid and c.relkind = 'i'
       join pg_am a on a.oid = c.relam and a.amname = 'btree'
       join pg_namespace n on n.oid = c.relnamespace
       join pg_class t on t.oid = i.indrelid
       join pg_namespace tn on tn.oid = t.relnamespace
      where i.indisvalid and i.indisready and c.relpersistence <> 't'
        and not (c.relpersistence = 'u' and pg_is_in_recovery())
        and n.nspname <> 'run_plan_amcheck'
      order by n.nspname, c.relname`,
    [],
    'listing the indexes',
  );
}

/** The server's own words, with what it says besides. */
function wordsOf(failure: Failure): string {
  const { cause } = failure;
  if (!(cause instanceof Error)) return failure.message;
  const { detail } = cause as Error & { readonly detail?: string };
  return detail === undefined ? cause.message : `${cause.message} (${detail})`;
}
