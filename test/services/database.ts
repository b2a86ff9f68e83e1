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
  const database = name ?? `test_${randomBytes(6).toString('hex')}`;
  await run(services, 'postgres', `create database ${pg.escapeIdentifier(database)} template template0`);
  const { host, port, user, password } = services.postgres;
  return {
    name: database,
    connection: { host, port, user, password, database },
    query: (sql, values) => run(services, database, sql, values),
  };
}

/** Removes the database, also from under open sessions, and its subscriptions, which would hold it. */
export async function dropDatabase(services: Services, database: TestDatabase): Promise<void> {
  const subscriptions = await run<{ name: string }>(
    services,
    'postgres',
    `select subname as name from pg_subscription join pg_database d on d.oid = subdbid where datname = $1`,
    [database.name],
  );
  for (const name of subscriptions.map((each) => pg.escapeIdentifier(each.name))) {
    const drop = `alter subscription ${name} disable; alter subscription ${name} set (slot_name = none); drop subscription ${name}`;
    await run(services, database.name, drop);
  }
  await run(
    services,
    'postgres',
    `drop database if exists ${pg.escapeIdentifier(database.name)} with (force)`,
  );
}

async function run<Row extends pg.QueryResultRow>(
  services: Services,
  database: string,
  sql: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  const { host, port, user, password } = services.postgres;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    const result = await client.query<Row>(sql, values === undefined ? undefined : [...values]);
    // Several statements give several results, whatever the types say.
    const results = ([] as pg.QueryResult<Row>[]).concat(result);
    return results.at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}
