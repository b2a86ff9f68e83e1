import type { Session } from '../postgres/connect.ts';
import { quoteQualified } from '../postgres/identifier.ts';
import { analyzeDatabase } from '../postgres/restore-command.ts';
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
  const tables = await session.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm') and c.relpersistence <> 't'
        and ($1 or n.nspname !~ '^pg_' and n.nspname <> 'information_schema')`,
    [withCatalogs],
    'listing tables',
  );
  for (let from = 0; from < tables.length; from += atOnce) {
    const names = tables.slice(from, from + atOnce).map(quoteQualified);
    await session.query(`analyze ${names.join(', ')}`, [], 'gathering statistics');
  }
}
