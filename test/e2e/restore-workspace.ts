import { truncate, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startCluster, type Cluster } from '../../src/postgres/cluster.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import type { Services } from '../services/services.ts';
import { createWorkspace, nightlyPlan, postgresYaml, secretVariables, type Workspace } from './workspace.ts';

/** Two restores on one server lock each other out, so that files of tests which do them take turns. */
async function awaitTurn({ postgres }: Services): Promise<pg.Client> {
  const { host, port, user, password } = postgres;
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  await client.query(`select pg_advisory_lock(hashtext('tests that restore by hand'))`);
  return client;
}

/** A workspace with a protected `prod` on the services' server, and `staging` on a second one. */
export interface RestoreWorkspace {
  readonly workspace: Workspace;
  readonly source: TestDatabase;
  readonly cluster: Cluster;
  readonly variables: Readonly<Record<string, string>>;
  /** Backs `source` up and gives the artifact's name. */
  backUp(): Promise<string>;
  /** Cuts an artifact's dump short. */
  damage(artifact: string): Promise<void>;
  /** SQL in a database of staging's server. */
  onStaging<Row extends pg.QueryResultRow>(sql: string, database?: string): Promise<Row[]>;
  /** Names of the databases that restores have made on staging. */
  restored(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

export async function createRestoreWorkspace(services: Services): Promise<RestoreWorkspace> {
  const turn = await awaitTurn(services);
  const workspace = await createWorkspace();
  const source = await createDatabase(services);
  const cluster = await startCluster({ tcp: true });
  await source.query(`
    create function public.may_load() returns boolean language sql
      as $$ select not exists (select from pg_catalog.pg_roles where rolname = 'restore_blocker') $$;
    create function public.admin(statement text) returns void language plpgsql security definer
      as $$ begin execute statement; end $$;
    revoke all on function public.admin(text) from public;
    create table customers (id int primary key, name text check (public.may_load()));
    insert into customers select n, md5(n::text) from generate_series(1, 500) n;
    create table orders (id int primary key, customer int references customers);
    insert into orders select n, 1 + n % 500 from generate_series(1, 900) n;`);
  const onStaging = async <Row extends pg.QueryResultRow>(
    sql: string,
    database = 'postgres',
  ): Promise<Row[]> => {
    const { port, user, password } = cluster;
    const client = new pg.Client({ host: '127.0.0.1', port, user, password, database });
    await client.connect();
    try {
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const staging = `{ host: 127.0.0.1, port: ${cluster.port}, database: staging, user: ${cluster.user}, password: { env: STAGING_PASSWORD }, sslmode: disable }`;
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    protected: true
    postgres: ${postgresYaml(services, source.name)}
    repository: { folder: ${workspace.repositoryFolder} }
  staging:
    postgres: ${staging}
  scratch:
    postgres: { ephemeral: true }
  empty:
    postgres: ${staging}
    repository: { folder: ${join(workspace.folder, 'empty')} }
`,
  );
  await workspace.write('empty/.keep', '');
  await workspace.write('plans/nightly.yaml', nightlyPlan);
  const variables = { ...secretVariables(services), STAGING_PASSWORD: cluster.password };
  return {
    workspace,
    source,
    cluster,
    variables,
    onStaging,
    backUp: async () => {
      const told = await workspace.run(['nightly'], variables);
      const name = /pg_\S+_\d{8}T\d{6}Z/.exec(told.stdout)?.[0];
      if (told.code !== 0 || name === undefined) throw new Error(told.text);
      return name;
    },
    damage: async (artifact) => {
      const dump = (await readdir(workspace.repositoryFolder)).find(
        (name) => name.startsWith(artifact) && name.endsWith('.dump.zst'),
      );
      await truncate(join(workspace.repositoryFolder, dump ?? ''), 10);
    },
    restored: async () => {
      const rows = await onStaging<{ datname: string }>(
        "select datname from pg_database where datname like '%\\_restored\\_%' order by 1",
      );
      return rows.map(({ datname }) => datname);
    },
    remove: async () => {
      await cluster.stop();
      await dropDatabase(services, source);
      await workspace.remove();
      await turn.end();
    },
  };
}
