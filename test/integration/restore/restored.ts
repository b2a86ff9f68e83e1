import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, expect, inject, onTestFinished } from 'vitest';
import { parseManifest, renderManifest, type Manifest } from '../../../src/artifact/manifest.ts';
import { manifestKey } from '../../../src/artifact/name.ts';
import type { PostgresEndpoint, RepositorySettings } from '../../../src/language/environment/environment.ts';
import { applicationName } from '../../../src/postgres/application-name.ts';
import { openFolder } from '../../../src/store/folder.ts';
import type { Repository } from '../../../src/store/repository.ts';
import type { PostgresDumpParameters } from '../../../src/language/generated/postgres-dump.types.ts';
import type { PostgresRestoreParameters } from '../../../src/language/generated/postgres-restore.types.ts';
import type { Restored } from '../../../src/task/contract.ts';
import type { RestoreFacts } from '../../../src/language/facts.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import {
  createDatabase,
  databaseNamed as databaseOf,
  dropDatabase,
  queryServer,
  type TestDatabase,
} from '../../services/database.ts';
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

type Encryption = RepositorySettings['encrypt'];

export async function folderStore(encrypt?: Encryption): Promise<Store> {
  return storeIn(join(await temporaryFolder('restore'), 'repository'), encrypt);
}

/** A repository in a folder that the caller removes. */
async function storeIn(folder: string, encrypt?: Encryption): Promise<Store> {
  return {
    repository: await openFolder(folder),
    settings: { store: { kind: 'folder', folder }, ...(encrypt !== undefined && { encrypt }) },
    folder,
  };
}

/** A repository with one artifact. */
export interface Dumped {
  readonly store: Store;
  readonly manifest: Manifest;
}

/**
 * Dumps a database once in each way that the tests of a file ask for, and gives each of them a copy, to do with as it
 * likes. To be called where hooks are.
 */
export function dumpsOf(
  database: () => Pick<TestDatabase, 'name'>,
): (parameters?: PostgresDumpParameters, encrypt?: Encryption) => Promise<Dumped> {
  const originals = new Map<string, Promise<Dumped>>();
  const folders: string[] = [];

  afterAll(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  async function make(parameters: PostgresDumpParameters, encrypt?: Encryption): Promise<Dumped> {
    const folder = await mkdtemp(join(tmpdir(), 'run-plan-test-dumped-'));
    folders.push(folder);
    const store = await storeIn(join(folder, 'repository'), encrypt);
    return { store, manifest: await dumpInto(store, database(), parameters) };
  }

  return async (parameters = {}, encrypt) => {
    const key = JSON.stringify([parameters, encrypt]);
    const making = originals.get(key) ?? make(parameters, encrypt);
    originals.set(key, making);
    const original = await making;
    const store = await folderStore(encrypt);
    await cp(original.store.folder, store.folder, { recursive: true });
    return { store, manifest: original.manifest };
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
  return databaseOf(services, name);
}

/** Rows of a statement that is about the server. */
export function askServer<Row extends Record<string, unknown>>(
  sql: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  return queryServer<Row>(services, sql, values);
}

/** What is written beside a database, where there is one. */
export async function commentOf(name: string): Promise<string | null | undefined> {
  const rows = await askServer<{ comment: string | null }>(
    "select shobj_description(oid, 'pg_database') as comment from pg_database where datname = $1",
    [name],
  );
  return rows[0]?.comment;
}

/** Whether the server has a database of that name. */
export async function exists(name: string): Promise<boolean> {
  return (await commentOf(name)) !== undefined;
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
): Promise<{ readonly facts: RestoreFacts; readonly said: Said; readonly restored: Restored | undefined }> {
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
  return { facts: result.facts?.['restore'] as RestoreFacts, said, restored: result.restored };
}

export function newRunId(): string {
  return `drill-20250101T020000Z-${randomBytes(4).toString('hex')}`;
}

/** No session of the run is left on the server, and no process of it on this host. */
export async function expectNothingLeft(runId: string): Promise<void> {
  const sessions = 'select query from pg_stat_activity where application_name = $1';
  await expect.poll(() => askServer(sessions, [applicationName(runId)])).toEqual([]);
  await expect.poll(() => processesOf(runId)).toEqual([]);
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
