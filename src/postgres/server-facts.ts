import type { Session } from './connect.ts';

/** What a server says of itself and of the session's database. */
export interface ServerFacts {
  /** As the server says it: `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly version: string;
  readonly major: number;
  readonly standby: boolean;
  /** pg_database_size: indexes included, bytes. */
  readonly databaseBytes: number;
  /** All large objects of the database, bytes. */
  readonly largeObjectBytes: number;
  /** The role may read and do everything. */
  readonly superuser: boolean;
  /** Large objects can be read by everybody (an old compatibility setting). */
  readonly openLargeObjects: boolean;
  readonly locale: DatabaseLocale;
}

/** How `createdb` makes a database that sorts and stores text the same way. */
export interface DatabaseLocale {
  readonly encoding: string;
  readonly collation: string;
  readonly characterType: string;
  /** Locale of ICU, when that is what the database sorts by. */
  readonly icu: string | null;
}

export async function readServerFacts(session: Session): Promise<ServerFacts> {
  const [row] = await session.query<FactsRow>(
    `select current_setting('server_version') as version,
            pg_is_in_recovery() as standby,
            pg_database_size(d.oid)::text as "databaseBytes",
            pg_table_size('pg_largeobject')::text as "largeObjectBytes",
            current_setting('lo_compat_privileges')::bool as "openLargeObjects",
            pg_encoding_to_char(d.encoding) as encoding,
            d.datcollate as collation,
            d.datctype as "characterType",
            case when to_jsonb(d) ->> 'datlocprovider' = 'i'
                 then coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') end as icu
       from pg_database d
      where d.datname = current_database()`,
    [],
    'asking the server what it is',
  );
  if (row === undefined) throw new Error('pg_database has no row for the current database');
  return {
    version: row.version,
    major: session.server.major,
    standby: row.standby,
    databaseBytes: Number(row.databaseBytes),
    largeObjectBytes: Number(row.largeObjectBytes),
    superuser: session.server.superuser,
    openLargeObjects: row.openLargeObjects,
    locale: {
      encoding: row.encoding,
      collation: row.collation,
      characterType: row.characterType,
      icu: row.icu,
    },
  };
}

interface FactsRow extends DatabaseLocale {
  readonly version: string;
  readonly standby: boolean;
  readonly databaseBytes: string;
  readonly largeObjectBytes: string;
  readonly openLargeObjects: boolean;
}
