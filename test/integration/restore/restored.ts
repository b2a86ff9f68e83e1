import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import pg from 'pg';
import { expect, inject, onTestFinished } from 'vitest';
import { parseManifest, renderManifest, type Manifest } from '../../../src/artifact/manifest.ts';
import { manifestKey } from '../../../src/artifact/name.ts';
import type { PostgresEndpoint, RepositorySettings } from '../../../src/environment/environment.ts';
import { applicationName } from '../../../src/postgres/application-name.ts';
import { openFolder } from '../../../src/repository/folder.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import type { PostgresDumpParameters } from '../../../src/schema/generated/postgres-dump.types.ts';
import type { PostgresRestoreParameters } from '../../../src/schema/generated/postgres-restore.types.ts';
import type { RestoreFacts } from '../../../src/task/facts.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { attempt, environmentFor, type AttemptOptions, type Said } from '../task/attempt.ts';

const services = inject('services');

/** A repository of one test's own, with the settings that an environment has of it. */
export interface Store {
  readonly repository: Repository;
  readonly settings: RepositorySettings;
  /** Of a folder. */
  readonly folder: string;
}

export async function folderStore(encrypt?: RepositorySettings['encrypt']): Promise<Store> {
  return storeIn(join(await temporaryFolder('restore'), 'repository'), encrypt);
}

/** A repository in a folder that the caller removes. */
export async function storeIn(folder: string, encrypt?: RepositorySettings['encrypt']): Promise<Store> {
  return {
    repository: await openFolder(folder),
    settings: { store: { kind: 'folder', folder }, ...(encrypt !== undefined && { encrypt }) },
    folder,
  };
}

/** Dumps a database into a repository and gives the manifest. */
export async function dumpInto(
  store: Store,
  database: Pick<TestDatabase, 'name'>,
  parameters: PostgresDumpParameters = {},
): Promise<Manifest> {
  const { result } = await attempt(postgresDump, parameters, {
    environment: environmentFor(services, database.name, store.settings),
    repository: store.repository,
    password: services.postgres.password,
  });
  return manifestOf(store.repository, result.outputs?.['artifact'] ?? '');
}

export async function manifestOf(repository: Repository, name: string): Promise<Manifest> {
  const text = (await buffer(await repository.get(manifestKey(name)))).toString();
  const parsed = await parseManifest(text, name);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.manifest;
}

/** Stores another manifest under the same name. */
export async function changeManifest(
  { repository }: Store,
  manifest: Manifest,
  change: (manifest: Manifest) => Manifest,
): Promise<void> {
  await repository.remove([manifestKey(manifest.name)]);
  await repository.put(manifestKey(manifest.name), renderManifest(change(manifest)));
}

/** Stores other bytes under a key. */
export async function changeFile(
  { repository }: Store,
  key: string,
  change: (bytes: Buffer) => Buffer,
): Promise<void> {
  const bytes = await buffer(await repository.get(key));
  await repository.remove([key]);
  await repository.put(key, change(bytes));
}

/** A name for a database that does not exist yet; it is dropped after the test. */
export function newName(): string {
  const name = `restored_${randomBytes(6).toString('hex')}`;
  onTestFinished(() => dropDatabase(services, databaseNamed(name)));
  return name;
}

export function databaseNamed(name: string): TestDatabase {
  const { host, port, user, password } = services.postgres;
  const connection = { host, port, user, password, database: name };
  return {
    name,
    connection,
    query: async <Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => {
      const client = new pg.Client(connection);
      await client.connect();
      try {
        return (await client.query<Row>(sql, values === undefined ? undefined : [...values])).rows;
      } finally {
        await client.end();
      }
    },
  };
}

/** A database of one test's own. */
export async function newDatabase(sql?: string): Promise<TestDatabase> {
  const database = await createDatabase(services);
  onTestFinished(() => dropDatabase(services, database));
  if (sql !== undefined) await database.query(sql);
  return database;
}

export interface Restoring extends Partial<AttemptOptions> {
  readonly store: Store;
  /** The dumped database. */
  readonly of: Pick<TestDatabase, 'name'>;
  readonly postgres?: Partial<PostgresEndpoint>;
}

/** Restores into the services' own server, from which the dump comes, too. */
export async function restore(
  parameters: PostgresRestoreParameters,
  { store, of, postgres, ...options }: Restoring,
): Promise<{ readonly facts: RestoreFacts; readonly said: Said }> {
  const { result, said } = await attempt(
    postgresRestore,
    { 'same-server': true, ...parameters },
    {
      environment: environmentFor(services, of.name, store.settings, postgres),
      repository: store.repository,
      password: services.postgres.password,
      ...options,
    },
  );
  return { facts: result.facts?.['restore'] as RestoreFacts, said };
}

export function newRunId(): string {
  return `drill-20250101T020000Z-${randomBytes(4).toString('hex')}`;
}

/** No session of the run is left on the server, and no process of it on this host. */
export async function expectNothingLeft(runId: string): Promise<void> {
  const session = databaseNamed('postgres');
  await expect
    .poll(
      () =>
        session.query('select query from pg_stat_activity where application_name = $1', [
          applicationName(runId),
        ]),
      { timeout: 10_000 },
    )
    .toEqual([]);
  await expect.poll(() => processesOf(runId), { timeout: 5_000 }).toEqual([]);
}

/** Processes whose environment bears the run's id: everything that talks to Postgres for it. */
async function processesOf(runId: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(runId))
      found.push(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  }
  return found.filter((command) => command !== '');
}
