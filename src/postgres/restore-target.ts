import { statfs } from 'node:fs/promises';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';
import { describeEndpoint } from './server-error.ts';
import { readSystemIdentifier } from './snapshot.ts';
import { listTables } from './tables.ts';

/** A server and a database on it that a restore writes to, as they were before. */
export interface RestoreTarget {
  /** The database that is restored into. */
  readonly endpoint: PostgresEndpoint;
  readonly serverVersion: string;
  readonly major: number;
  /** Null where the role may not ask. */
  readonly systemIdentifier: string | null;
  /** Undefined when the database does not exist yet. */
  readonly existing: ExistingDatabase | undefined;
  readonly mayCreateDatabases: boolean;
  /** Names and versions of what `create extension` could install. */
  readonly availableExtensions: ReadonlySet<string>;
  readonly tablespaces: ReadonlySet<string>;
  readonly resources: ServerResources;
}

export interface ExistingDatabase {
  /** Tables of the user's own, as `schema.table`; the first so many. */
  readonly tables: readonly string[];
  readonly bytes: number;
  readonly comment: string | null;
  /** The role may drop it and make again all that is in it: extensions that only an administrator can make stand in the way. */
  readonly mayBeMadeAnew: boolean;
}

/** What is known of the server's means; a server elsewhere tells little by SQL. */
export interface ServerResources {
  /** The server's files lie on this host. */
  readonly isLocal: boolean;
  /** Free bytes where its data lies; undefined where that cannot be known. */
  readonly freeBytes: number | undefined;
  /** Where its data lies on this host. */
  readonly dataFolder?: string;
  readonly sharedBuffersBytes: number;
  readonly maxParallelWorkers: number;
}

/**
 * Looks at the target through a session in the server's maintenance database. Changes nothing.
 * @throws Failure `postgres-*`
 */
export async function inspectTarget(
  maintenance: Session,
  endpoint: PostgresEndpoint,
): Promise<RestoreTarget> {
  const [facts] = await maintenance.query<TargetRow>(
    `select current_setting('server_version') as "serverVersion",
            pg_is_in_recovery() as standby,
            (select rolsuper or rolcreatedb from pg_roles where rolname = current_user) as "mayCreate",
            pg_size_bytes(current_setting('shared_buffers'))::text as "sharedBuffers",
            current_setting('max_parallel_workers', true)::int as "maxParallelWorkers",
            (select setting from pg_settings where name = 'data_directory') as "dataFolder",
            (select json_agg(spcname) from pg_tablespace) as tablespaces,
            exists (select from pg_database where datname = $1) as exists`,
    [endpoint.database],
    'looking at the target server',
  );
  if (facts === undefined) throw new Error('the server gave no row');
  if (facts.standby) {
    throw new Failure(
      'target-refused',
      `${describeEndpoint(endpoint)} is a standby: nothing can be restored into it`,
      {
        hint: "Name the primary in the environment's postgres.",
      },
    );
  }
  const extensions = await maintenance.query<{ name: string }>('select name from pg_available_extensions');
  return {
    endpoint,
    serverVersion: facts.serverVersion,
    major: maintenance.server.major,
    systemIdentifier: await readSystemIdentifier(maintenance),
    existing: facts.exists ? await inspectDatabase(maintenance, endpoint.database) : undefined,
    mayCreateDatabases: facts.mayCreate,
    availableExtensions: new Set(extensions.map(({ name }) => name)),
    tablespaces: new Set(facts.tablespaces),
    resources: {
      ...(await localSpace(endpoint.host, facts.dataFolder)),
      sharedBuffersBytes: Number(facts.sharedBuffers),
      maxParallelWorkers: facts.maxParallelWorkers,
    },
  };
}

interface TargetRow {
  readonly serverVersion: string;
  readonly standby: boolean;
  readonly mayCreate: boolean;
  readonly sharedBuffers: string;
  readonly maxParallelWorkers: number;
  /** Null where the role may not know. */
  readonly dataFolder: string | null;
  readonly tablespaces: readonly string[];
  readonly exists: boolean;
}

/** Tables that are named to an operator. */
const namedTables = 20;

async function inspectDatabase(maintenance: Session, database: string): Promise<ExistingDatabase> {
  await using session = await maintenance.inDatabase(database);
  const tables = (await listTables(session)).filter(({ kind, ours }) => ours && kind !== 'sequence');
  const [row] = await session.query<{ bytes: string; comment: string | null; mayBeMadeAnew: boolean }>(
    `select pg_database_size(d.oid)::text as bytes, shobj_description(d.oid, 'pg_database') as comment,
            not d.datistemplate and (r.rolsuper or (r.rolcreatedb and pg_has_role(d.datdba, 'USAGE')
              and not exists (select from pg_extension e where e.extname <> 'plpgsql' and not exists (
                    select from pg_available_extension_versions v
                     where v.name = e.extname and (to_jsonb(v) ->> 'trusted')::boolean))
            )) as "mayBeMadeAnew"
       from pg_database d, pg_roles r where d.datname = current_database() and r.rolname = current_user`,
  );
  return {
    tables: tables.slice(0, namedTables).map(({ schema, name }) => `${schema}.${name}`),
    bytes: Number(row?.bytes ?? 0),
    comment: row?.comment ?? null,
    mayBeMadeAnew: row?.mayBeMadeAnew === true && database !== maintenance.endpoint.database,
  };
}

/** Whether a host as an endpoint names it is this one: a socket's folder, or a loopback address. */
export function answersHere(host: string): boolean {
  return host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host);
}

/** A data folder that the server names and that lies on this host, when the server answers on this host. */
async function localSpace(
  host: string,
  dataFolder: string | null,
): Promise<Pick<ServerResources, 'isLocal' | 'freeBytes' | 'dataFolder'>> {
  if (!answersHere(host) || dataFolder === null) return { isLocal: false, freeBytes: undefined };
  try {
    return { isLocal: true, freeBytes: await freeBytesIn(dataFolder), dataFolder };
  } catch {
    // A container's port on this host: its files are elsewhere.
    return { isLocal: false, freeBytes: undefined };
  }
}

async function freeBytesIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Postgres writes its log in pieces of 16 MiB and ends every session when it cannot write one. */
const fullBelowBytes = 32 * 1024 * 1024;

/** Free bytes now where a server's data lies; undefined where that cannot be known. */
export async function freeBytesOf({ dataFolder }: ServerResources): Promise<number | undefined> {
  return dataFolder === undefined ? undefined : freeBytesIn(dataFolder).catch(() => undefined);
}

/** Why a server was lost, by the free bytes that its data had then. */
export function explainLoss(error: unknown, freeBytes: number | undefined): unknown {
  if (!(error instanceof Failure) || error.code !== 'postgres-connection-lost') return error;
  if (freeBytes === undefined || freeBytes >= fullBelowBytes) return error;
  return new Failure('space-missing', `${error.message}; the disk of its data is full`, {
    hint: 'Free some space there, or restore into a server with more of it.',
    cause: error,
  });
}
