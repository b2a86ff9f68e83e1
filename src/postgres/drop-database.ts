import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { quoteIdentifier } from './identifier.ts';
import { dropSubscriptions, subscriptionsSinceMajor } from './subscriptions.ts';

/** `drop database … with (force)` came with this major. */
const forceSinceMajor = 13;

export interface DropOptions {
  /** Ends the sessions that sit in it. */
  readonly force: boolean;
  /** Taken for the server's. */
  readonly major?: number;
}

/**
 * Drops a database and its subscriptions, from a session in another one, and looks that it is gone. One that is not
 * there is fine.
 * Whether it may be dropped at all is the caller's to know.
 * @returns the subscriptions whose slots stay at their publishers, as `name (slot)`
 * @throws Failure `postgres-*`
 */
export async function dropDatabase(
  session: Session,
  database: string,
  options: DropOptions,
): Promise<readonly string[]> {
  if (!(await databaseExists(session, database))) return [];
  const name = quoteIdentifier(database);
  const doing = `dropping the database ${database}`;
  const major = options.major ?? session.server.major;
  const detached = major >= subscriptionsSinceMajor ? await dropSubscriptions(session, database) : [];
  const canForce = options.force && major >= forceSinceMajor;
  if (options.force && !canForce) {
    await session.query(`alter database ${name} with allow_connections false`, [], doing);
    await endSessionsIn(session, database);
  }
  await session.query(`drop database if exists ${name}${canForce ? ' with (force)' : ''}`, [], doing);
  if (await databaseExists(session, database)) {
    throw new Failure('postgres-query', `the database ${database} is still there after it was dropped`);
  }
  return detached;
}

/** @throws Failure `postgres-*` */
export async function databaseExists(session: Session, database: string): Promise<boolean> {
  const rows = await session.query('select from pg_database where datname = $1', [database]);
  return rows.length > 0;
}

/**
 * Tells every client's session in a database but this one to end. Those that the role may not end are passed over: what
 * the sessions stand in the way of will name them. The server itself ends its own autovacuum for a drop or a rename.
 * @throws Failure `postgres-*`
 */
export async function endSessionsIn(session: Session, database: string): Promise<void> {
  const doing = `ending the sessions in the database ${database}`;
  const sessions = await session.query<{ pid: number }>(
    `select pid from pg_stat_activity
      where datname = $1 and pid <> pg_backend_pid() and backend_type in ('client backend', 'walsender')`,
    [database],
    doing,
  );
  for (const { pid } of sessions) {
    try {
      await session.query('select pg_terminate_backend($1)', [pid], doing);
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'postgres-permission') throw error;
    }
  }
}
