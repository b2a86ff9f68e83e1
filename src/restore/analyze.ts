import type { Session } from '../postgres/connect.ts';
import { quoteLiteral, quoteQualified } from '../postgres/identifier.ts';
import { analyzeDatabase } from '../postgres/restore-command.ts';
import { listTables } from '../postgres/tables.ts';
import type { Load } from './load.ts';

/** Tables of one statement. */
const atOnce = 500;
/** So many entries change little in the catalogs, whose statistics the server made when it made the database. */
const fewEntries = 400;

/**
 * Gathers the planner's statistics of every table, several at a time: without them the first queries take wrong ways.
 * With one job the restore's own session does it.
 * @throws Failure `postgres-*`, `command-failed`
 */
export async function analyze(load: Load, session: Session): Promise<void> {
  const { commands, command, jobs, listing } = load;
  if (jobs === 1) return analyzeInSession(session, listing.entries > fewEntries);
  await analyzeDatabase(commands, command, jobs);
}

async function analyzeInSession(session: Session, withCatalogs: boolean): Promise<void> {
  const tables = (await listTables(session)).filter(
    ({ kind, populated }) => kind === 'table' || (kind === 'materialized-view' && populated),
  );
  const names = [
    ...(withCatalogs ? await catalogs(session) : []),
    ...tables.filter(({ isExact }) => isExact).map(quoteQualified),
  ];
  for (let from = 0; from < names.length; from += atOnce) {
    const some = names.slice(from, from + atOnce).join(', ');
    await session.query(`analyze ${some}`, [], 'gathering statistics');
  }
  for (const { oid, isExact } of tables) {
    if (isExact) continue;
    const byOid = `do $$ begin execute format('analyze %s', ${quoteLiteral(oid)}::regclass); end $$`;
    await session.query(byOid, [], 'gathering statistics');
  }
}

async function catalogs(session: Session): Promise<readonly string[]> {
  const rows = await session.query<{ schema: string; name: string }>(
    `select 'pg_catalog' as schema, relname as name from pg_class
      where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r'`,
    [],
    'listing catalogs',
  );
  return rows.map(quoteQualified);
}
