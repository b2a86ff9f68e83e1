import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Services } from './services.ts';

/** A database of one test's own, on the services' server. */
export interface TestDatabase {
  readonly name: string;
  /** What `new pg.Client` takes. */
  readonly connection: Required<Pick<pg.ClientConfig, 'host' | 'port' | 'user' | 'database'>> & {
    password: string;
  };
  /** Runs SQL (several statements when there are no values) in a session of its own and returns the last rows. */
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Makes an empty UTF-8 database with a unique name; `name` when the test is about names. */
export async function createDatabase(services: Services, name?: string): Promise<TestDatabase> {
  const database = databaseNamed(services, name ?? `test_${randomBytes(6).toString('hex')}`);
  await queryServer(services, `create database ${pg.escapeIdentifier(database.name)} template template0`);
  return database;
}

/** Makes a database that holds what another does, in which nobody sits: much faster than loading it again. */
export async function copyDatabase(
  services: Services,
  { name: original }: Pick<TestDatabase, 'name'>,
  name = `test_${randomBytes(6).toString('hex')}`,
): Promise<TestDatabase> {
  const [copy, template] = [name, original].map(pg.escapeIdentifier);
  await queryServer(services, `create database ${copy ?? ''} template ${template ?? ''}`);
  return databaseNamed(services, name);
}

/** The database that bears a name by now, whoever made it. */
export function databaseNamed(services: Services, name: string): TestDatabase {
  const { host, port, user, password } = services.postgres;
  const connection = { host, port, user, password, database: name };
  return { name, connection, query: (sql, values) => queryOnce(connection, sql, values) };
}

/** Removes the database, also from under open sessions, and its subscriptions, which would hold it. */
export async function dropDatabase(services: Services, { name }: TestDatabase): Promise<void> {
  const drop = `drop database if exists ${pg.escapeIdentifier(name)} with (force)`;
  try {
    await queryServer(services, drop);
  } catch (error) {
    if ((error as pg.DatabaseError).code !== objectInUse) throw error;
    await dropSubscriptions(databaseNamed(services, name));
    await queryServer(services, drop);
  }
}

const objectInUse = '55006';

async function dropSubscriptions(database: TestDatabase): Promise<void> {
  const subscriptions = await database.query<{ name: string }>(
    `select subname as name from pg_subscription join pg_database d on d.oid = subdbid where datname = $1`,
    [database.name],
  );
  for (const name of subscriptions.map((each) => pg.escapeIdentifier(each.name))) {
    await database.query(
      `alter subscription ${name} disable; alter subscription ${name} set (slot_name = none); drop subscription ${name}`,
    );
  }
}

/**
 * Runs one statement outside of any test's database, in a session that is kept: what tests ask of the server, or make
 * there, costs no session of its own.
 */
export async function queryServer<Row extends pg.QueryResultRow>(
  services: Services,
  sql: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  const result = await keptSession(services).query<Row>(sql, values === undefined ? undefined : [...values]);
  return lastRows(result);
}

/** One for each server; it is closed when it has not been used for a while, and keeps no process alive. */
const keptSessions = new Map<string, pg.Pool>();

function keptSession({ postgres: { host, port, user, password } }: Services): pg.Pool {
  const key = `${host}:${String(port)} ${user} ${password}`;
  const kept = keptSessions.get(key);
  if (kept !== undefined) return kept;
  const options = { max: 1, idleTimeoutMillis: 10_000, allowExitOnIdle: true };
  const pool = new pg.Pool({ host, port, user, password, database: 'postgres', ...options });
  // A server of a test's own ends before this session: the next query, if there is one, opens another.
  pool.on('error', () => undefined);
  keptSessions.set(key, pool);
  return pool;
}

async function queryOnce<Row extends pg.QueryResultRow>(
  connection: TestDatabase['connection'],
  sql: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return lastRows(await client.query<Row>(sql, values === undefined ? undefined : [...values]));
  } finally {
    await client.end();
  }
}

/** Several statements give several results, whatever the types say. */
function lastRows<Row extends pg.QueryResultRow>(result: pg.QueryResult<Row>): Row[] {
  return ([] as pg.QueryResult<Row>[]).concat(result).at(-1)?.rows ?? [];
}
