import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { createDatabase, dropDatabase, queryServer, type TestDatabase } from '../../services/database.ts';
import type { Services } from '../../services/services.ts';

/** A live database, a restored one and roles of one test's own; all of it goes with the test. */
export interface CutoverDatabases {
  readonly live: TestDatabase;
  readonly next: TestDatabase;
  /** Every database that the test names: removed at its end where it exists. */
  readonly owns: (...names: readonly string[]) => void;
  /** A new role that may log in with the password `secret`; its name. */
  readonly role: (options?: string) => Promise<string>;
}

export async function cutoverDatabases(services: Services, liveName?: string): Promise<CutoverDatabases> {
  const live = await createDatabase(services, liveName);
  const next = await createDatabase(services);
  const names = new Set([live.name, next.name]);
  const roles: string[] = [];
  onTestFinished(async () => {
    await forgetRoles(services, [...names], roles);
  });
  await live.query(`create table customers as select 'live' as origin; create table gone as select 1 as one`);
  await next.query(`create table customers as select 'restored' as origin`);
  return {
    live,
    next,
    owns: (...more) => {
      for (const name of more) names.add(name);
    },
    role: async (options = '') => {
      const role = `role "${randomBytes(4).toString('hex')}`;
      roles.push(role);
      await queryServer(
        services,
        `create role ${pg.escapeIdentifier(role)} login password 'secret' ${options}`,
      );
      return role;
    },
  };
}

async function forgetRoles(
  services: Services,
  names: readonly string[],
  roles: readonly string[],
): Promise<void> {
  for (const name of names) await dropDatabase(services, { name });
  for (const role of roles) await queryServer(services, `drop role ${pg.escapeIdentifier(role)}`);
}

/** Rows of SQL in a database, whatever it is called by now. */
export async function query<Row extends pg.QueryResultRow>(
  services: Services,
  database: string,
  sql: string,
  login: { readonly user?: string; readonly password?: string } = {},
): Promise<Row[]> {
  const { host, port, user, password } = services.postgres;
  const client = new pg.Client({ host, port, user, password, database, ...login });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** What `customers` says of the database behind a name. */
export async function originOf(services: Services, database: string): Promise<string | undefined> {
  return (await query<{ origin: string }>(services, database, 'select origin from customers'))[0]?.origin;
}

/** Sits in a database until the test ends or somebody ends it. */
export async function sitIn(
  services: Services,
  database: string,
  login: { readonly user?: string; readonly password?: string } = {},
): Promise<pg.Client> {
  const { host, port, user, password } = services.postgres;
  const client = new pg.Client({ host, port, user, password, database, application_name: 'web', ...login });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}
