import type { Session } from './connect.ts';
import { Failure } from '../base/failure.ts';
import { quoteLiteral, quoteQualified } from './identifier.ts';
import { orWhyNot } from './savepoint.ts';
import { applyReaderSettings } from './settings.ts';
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
  const [taken] = await session.query<TakenRow>(
    `select pg_export_snapshot() as id,
            to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as time,
            pg_is_in_recovery() as standby,
            (select jsonb_agg(jsonb_build_object('name', extname, 'version', extversion)
                              order by extname collate "C") from pg_extension) as extensions,
            exists (select from pg_largeobject_metadata) as "hasLargeObjects"`,
    [],
    'taking the snapshot',
  );
  if (taken === undefined) throw new Error('pg_export_snapshot gave no row');
  const lsnFunction = taken.standby ? 'pg_last_wal_replay_lsn' : 'pg_current_wal_lsn';
  const { lsn, system } = await whereAllowed(session, {
    lsn: [lsnFunction, `${lsnFunction}()`],
    system: identifierCall,
  });
  return {
    id: taken.id,
    time: new Date(taken.time),
    lsn: lsn ?? null,
    systemIdentifier: system ?? null,
    extensions: taken.extensions ?? [],
    hasLargeObjects: taken.hasLargeObjects,
    tables: await listTables(session),
  };
}

interface TakenRow extends Pick<Snapshot, 'id' | 'hasLargeObjects'> {
  readonly time: string;
  readonly standby: boolean;
  readonly extensions: Snapshot['extensions'] | null;
}

/** Identity of the server's cluster; null where the role may not ask. */
export async function readSystemIdentifier(session: Session): Promise<string | null> {
  return (await whereAllowed(session, { system: identifierCall })).system ?? null;
}

/**
 * Locks tables against being rewritten or dropped until the session ends, as pg_dump does for itself: a TRUNCATE or a
 * rewriting ALTER TABLE would otherwise make the snapshot see a table empty that its dump has rows of. Gives why the server
 * refused.
 */
export async function lockTables(session: Session, tables: readonly Table[]): Promise<Failure | undefined> {
  const spelled = tables.filter(({ isExact }) => isExact);
  const others = tables.filter(({ isExact }) => !isExact);
  const refused = await orWhyNot(session, async () => {
    for (let from = 0; from < spelled.length; from += tablesPerLock) {
      const names = spelled.slice(from, from + tablesPerLock).map((table) => `only ${quoteQualified(table)}`);
      await session.query(lockOf(names.join(', ')), [], 'locking tables for reading');
    }
    if (others.length > 0) await session.query(lockByOid(others), [], 'locking tables for reading');
  });
  return refused instanceof Failure ? refused : undefined;
}

function lockOf(names: string): string {
  return `lock table ${names} in access share mode`;
}

/** Of names that no text of ours can spell. */
function lockByOid(tables: readonly Table[]): string {
  const oids = tables.map(({ oid }) => quoteLiteral(oid)).join(', ');
  return `do $lock$
declare relation regclass;
begin
  foreach relation in array array[${oids}]::regclass[] loop
    execute format(${quoteLiteral(lockOf('only %s'))}, relation);
  end loop;
end $lock$`;
}

/** A function of the system's, and an expression that calls it. */
type GuardedCall = readonly [functionName: string, expression: string];

const identifierCall: GuardedCall = [
  'pg_control_system',
  '(select system_identifier from pg_control_system())',
];

/** The values of those calls that the role may make, as text. */
async function whereAllowed<Name extends string>(
  session: Session,
  calls: Readonly<Record<Name, GuardedCall>>,
): Promise<Partial<Record<Name, string>>> {
  const functions = Object.values<GuardedCall>(calls).map(([name]) => name);
  const allowed = await session.query<{ name: string }>(
    `select proname as name from pg_proc
      where proname = any ($1) and pronamespace = 'pg_catalog'::regnamespace
        and has_function_privilege(oid, 'EXECUTE')`,
    [functions],
  );
  const columns = Object.entries<GuardedCall>(calls).flatMap(([name, [functionName, expression]]) =>
    allowed.some((each) => each.name === functionName) ? [`${expression}::text as "${name}"`] : [],
  );
  if (columns.length === 0) return {};
  const [row] = await session.query<Partial<Record<Name, string>>>(`select ${columns.join(', ')}`);
  return row ?? {};
}
