import type { Session } from './connect.ts';

/** What a server can tell of the space that it takes. SQL does not know how much is left. */
export interface ServerSpace {
  /** Sum of the databases that the role may connect to, bytes. */
  readonly databasesBytes: number;
  /** Folders in which its data lies; empty where the role may not know. */
  readonly folders: readonly string[];
  /** The replication slot that holds back the most of the log, and how much, bytes; null without slots. */
  readonly slot: { readonly name: string; readonly active: boolean; readonly retainedBytes: number } | null;
}

/** @throws Failure `postgres-*` */
export async function readServerSpace(session: Session): Promise<ServerSpace> {
  const [sizes] = await session.query<{ bytes: string; folder: string | null }>(
    `select coalesce(sum(pg_database_size(oid)), 0)::text as bytes,
            (select setting from pg_settings where name = 'data_directory') as folder
       from pg_database where has_database_privilege(oid, 'connect')`,
    [],
    'reading sizes',
  );
  const spaces = await session.query<{ folder: string }>(
    `select pg_tablespace_location(oid) as folder from pg_tablespace where pg_tablespace_location(oid) <> ''`,
  );
  // A standby has no log position of its own to measure from; a slot that never held anything back has none either.
  const [slot] = await session.query<{ name: string; active: boolean; bytes: string }>(
    `select slot_name as name, active,
            greatest(0, pg_wal_lsn_diff(
              case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end,
              restart_lsn))::bigint::text as bytes
       from pg_replication_slots where restart_lsn is not null order by restart_lsn limit 1`,
    [],
    'reading replication slots',
  );
  const folder = sizes?.folder ?? null;
  return {
    databasesBytes: Number(sizes?.bytes ?? 0),
    folders: folder === null ? [] : [folder, ...spaces.map((space) => space.folder)],
    slot:
      slot === undefined ? null : { name: slot.name, active: slot.active, retainedBytes: Number(slot.bytes) },
  };
}
