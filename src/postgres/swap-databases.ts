import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { renderDuration } from '../base/quantity/duration.ts';
import type { Session } from './connect.ts';
import { endSessionsIn } from './drop-database.ts';
import {
  closeStatement,
  datedName,
  exchangeStatements,
  openStatement,
  vacantStatements,
  type DatabaseSwap,
} from './swap-plan.ts';

/** Between two attempts while somebody still sits in one of the databases, milliseconds. */
const retryMs = 250;
/** object_in_use, and lock_not_available. */
const busyStates = ['55006', '55P03'];

export interface SwapOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long to try while somebody still sits in one of the databases, milliseconds. */
  readonly waitMs: number;
}

/** A database as the server knows it, whatever it is called. */
export interface DatabaseIdentity {
  readonly oid: string;
  readonly acceptsConnections: boolean;
}

/** Undefined when there is none of that name. @throws Failure `postgres-*` */
export async function identifyDatabase(
  session: Session,
  database: string,
): Promise<DatabaseIdentity | undefined> {
  const [row] = await session.query<{ oid: string; accepts: boolean }>(
    'select oid::text as oid, datallowconn as accepts from pg_database where datname = $1',
    [database],
    `looking for the database ${database}`,
  );
  return row && { oid: row.oid, acceptsConnections: row.accepts };
}

/**
 * Puts `next` in the place of `live`, from a session in a third database: closes the live one, ends the sessions in both,
 * and renames both in one transaction that lets connections in again. The name `live` is without a database that
 * accepts connections only meanwhile. When it fails, the live one is opened again and nothing has changed; when the
 * process or the session ends in between, `reopenDatabase` does that, and the caller sees to it.
 * @throws Failure `target-refused` when somebody still sits there after `waitMs`, `postgres-*`
 */
export async function swapDatabases(
  session: Session,
  swap: DatabaseSwap,
  options: SwapOptions,
): Promise<void> {
  const before = await identifyBoth(session, swap);
  await session.query(`select set_config('lock_timeout', $1, false)`, ['5s']);
  await session.query(closeStatement(swap.live), [], `closing the database ${swap.live}`);
  try {
    await exchange(session, swap, exchangeStatements(swap), options);
  } catch (error) {
    // What this cannot do any more the caller's ending does, over a session of its own.
    await reopenDatabase(session, before.live.oid).catch(() => undefined);
    throw error;
  }
  const after = await identifyDatabase(session, swap.live);
  if (after?.oid !== before.next.oid || !after.acceptsConnections) {
    throw new Failure('postgres-query', `${swap.live} is not the database that was ${swap.next}`, {
      hint: 'Somebody else has renamed databases meanwhile; look at them with psql -l.',
    });
  }
}

/**
 * Puts the database that a swap has kept as `previous` back in its place. The one that was there gets the name
 * `<live>_failed_<time>`. Gives what was done.
 * @throws Failure as `swapDatabases`
 */
export async function rollBack(
  session: Session,
  { live, previous, at }: { readonly live: string; readonly previous: string; readonly at: Date },
  options: SwapOptions,
): Promise<DatabaseSwap> {
  const swap = { live, next: previous, keepAs: datedName(live, 'failed', at) };
  await swapDatabases(session, swap, options);
  return swap;
}

/**
 * Lets connections in again to a database that a swap has closed, by its oid, because it may bear another name by now.
 * Gives whether it was closed. @throws Failure `postgres-*`
 */
export async function reopenDatabase(session: Session, oid: string): Promise<boolean> {
  const [row] = await session.query<{ name: string }>(
    'select datname as name from pg_database where oid = $1::oid and not datallowconn',
    [oid],
  );
  if (row === undefined) return false;
  await session.query(openStatement(row.name), [], `opening the database ${row.name}`);
  return true;
}

async function identifyBoth(
  session: Session,
  { live, next }: DatabaseSwap,
): Promise<{ readonly live: DatabaseIdentity; readonly next: DatabaseIdentity }> {
  const found = { live: await identifyDatabase(session, live), next: await identifyDatabase(session, next) };
  if (found.live !== undefined && found.next !== undefined) return { live: found.live, next: found.next };
  throw new Failure(
    'postgres-database-missing',
    `there is no database ${found.live === undefined ? live : next} to change places with`,
  );
}

/**
 * Gives `next` the name `live`, which no database bears, from a session in a third one: ends the sessions in it.
 * @throws Failure `target-refused` when somebody still sits there after `waitMs`, `postgres-*`
 */
export async function takeVacantName(
  session: Session,
  swap: Pick<DatabaseSwap, 'live' | 'next'>,
  options: SwapOptions,
): Promise<void> {
  await session.query(`select set_config('lock_timeout', $1, false)`, ['5s']);
  await exchange(session, swap, vacantStatements(swap), options);
}

async function exchange(
  session: Session,
  swap: Pick<DatabaseSwap, 'live' | 'next'>,
  statements: readonly string[],
  options: SwapOptions,
): Promise<void> {
  const { clock, signal, waitMs } = options;
  const endMs = clock.monotonicMs() + waitMs;
  for (;;) {
    await endSessionsIn(session, swap.live);
    await endSessionsIn(session, swap.next);
    try {
      await inOneTransaction(session, statements);
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (clock.monotonicMs() >= endMs) throw await stillOccupied(session, swap, waitMs, error);
      await clock.sleep(retryMs, signal);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Failure && busyStates.includes(error.fields.sqlstate ?? '');
}

/** @throws Failure `postgres-*`; nothing of it has happened then. */
export async function inOneTransaction(session: Session, statements: readonly string[]): Promise<void> {
  await session.query('begin');
  try {
    for (const statement of statements) await session.query(statement, [], statement);
  } catch (error) {
    if (!session.lost.aborted) await session.query('rollback').catch(() => undefined);
    throw error;
  }
  await session.query('commit');
}

async function stillOccupied(
  session: Session,
  { live, next }: Pick<DatabaseSwap, 'live' | 'next'>,
  waitMs: number,
  cause: unknown,
): Promise<Failure> {
  const rows = await session.query<{ who: string }>(
    `select format('%s (%s, backend %s in %s)', coalesce(usename, backend_type),
                   coalesce(nullif(application_name, ''), 'no name'), pid, datname) as who
       from pg_stat_activity where datname = any($1) and pid <> pg_backend_pid() limit 5`,
    [[live, next]],
  );
  const who = rows.length === 0 ? 'sessions that came and went' : rows.map((row) => row.who).join(', ');
  return new Failure(
    'target-refused',
    `somebody still sat in the databases after ${renderDuration(waitMs)}: ${who}; nothing was changed`,
    {
      hint: 'Stop what connects there, or let a role that may end those sessions do it; or raise wait.',
      cause,
    },
  );
}
