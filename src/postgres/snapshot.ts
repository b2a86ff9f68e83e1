import type { Session } from './connect.ts';
import { quoteQualified } from './identifier.ts';
import { applyReaderSettings } from './session-settings.ts';
import { listTables, type Table } from './tables.ts';

/** A view of the database at one instant, alive as long as its session. */
export interface Snapshot {
  /** For `pg_dump --snapshot`. */
  readonly id: string;
  /** The server's clock right after the snapshot was taken, so that all it shows was committed before. */
  readonly time: Date;
  /** Null where the role may not ask. */
  readonly lsn: string | null;
  /** Null where the role may not ask. */
  readonly systemIdentifier: string | null;
  readonly extensions: readonly { readonly name: string; readonly version: string }[];
  readonly hasLargeObjects: boolean;
  /** Everything that a dump of this snapshot reads. */
  readonly tables: readonly Table[];
}

/** Tables locked by one statement: far below the server's limits, few enough round trips for 100,000 tables. */
const tablesPerLock = 500;

/**
 * Begins a read-only transaction whose snapshot others can join, and keeps it open: it ends with the session.
 * @throws Failure `postgres-*`
 */
export async function takeSnapshot(session: Session): Promise<Snapshot> {
  await applyReaderSettings(session);
  await session.query('begin isolation level repeatable read read only');
  const [taken] = await session.query<{ id: string; time: string; standby: boolean }>(
    `select pg_export_snapshot() as id,
            to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time,
            pg_is_in_recovery() as standby`,
    [],
    'taking the snapshot',
  );
  if (taken === undefined) throw new Error('pg_export_snapshot gave no row');
  const lsnFunction = taken.standby ? 'pg_last_wal_replay_lsn' : 'pg_current_wal_lsn';
  return {
    id: taken.id,
    time: new Date(taken.time),
    lsn: await whereAllowed(session, lsnFunction, `select ${lsnFunction}()::text as value`),
    systemIdentifier: await readSystemIdentifier(session),
    extensions: await session.query(
      `select extname as name, extversion as version from pg_extension order by extname collate "C"`,
    ),
    hasLargeObjects: (await session.query('select from pg_largeobject_metadata limit 1')).length > 0,
    tables: await listTables(session),
  };
}

/** Identity of the server's cluster; null where the role may not ask. */
export async function readSystemIdentifier(session: Session): Promise<string | null> {
  return whereAllowed(
    session,
    'pg_control_system',
    'select system_identifier::text as value from pg_control_system()',
  );
}

/**
 * Locks tables against being rewritten or dropped until the session ends, as pg_dump does for itself: a TRUNCATE or a
 * rewriting ALTER TABLE would otherwise make the snapshot see a table empty that its dump has rows of.
 */
export async function lockTables(session: Session, tables: readonly Table[]): Promise<void> {
  for (let from = 0; from < tables.length; from += tablesPerLock) {
    const names = tables.slice(from, from + tablesPerLock).map((table) => `only ${quoteQualified(table)}`);
    await session.query(
      `lock table ${names.join(', ')} in access share mode`,
      [],
      'locking tables for reading',
    );
  }
}

async function whereAllowed(session: Session, functionName: string, text: string): Promise<string | null> {
  const [right] = await session.query<{ allowed: boolean }>(
    `select has_function_privilege(oid, 'EXECUTE') as allowed
       from pg_proc where proname = $1 and pronamespace = 'pg_catalog'::regnamespace`,
    [functionName],
  );
  if (right?.allowed !== true) return null;
  const [row] = await session.query<{ value: string | null }>(text);
  return row?.value ?? null;
}
