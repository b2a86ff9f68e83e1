import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import type { Manifest } from '../../../src/artifact/manifest.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import type { PostgresRestoreParameters } from '../../../src/language/generated/postgres-restore.types.ts';
import type { RestoreFacts } from '../../../src/language/facts.ts';
import { createDatabase, databaseNamed, dropDatabase, queryServer } from '../../services/database.ts';
import { newerMajor, useNewerPostgres } from '../../services/newer-postgres.ts';
import type { Services } from '../../services/services.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { libpqVariables } from '../dump/stock-tools.ts';
import { folderStore, manifestOf, type Store } from '../restore/restored.ts';
import { attempt, environmentFor, type Said } from '../task/attempt.ts';
import { kinds, make, makeRoles, type Kind } from './gallery.ts';

const older = inject('services');
const major = await newerMajor(older.postgres.major);

// `bin/setup.js test` says why there is none.
describe.skipIf(major === undefined)('from major to major', () => {
  const newer = useNewerPostgres(older, major ?? 0);

  test.for(kinds().map((kind) => [kind.description, kind] as const))(
    'from the older to the newer: %s',
    async ([, kind]) => {
      const carrying = carry(kind, older, newer());
      if (newer().postgres.major <= kind.until) return carrying;
      // What the newer cannot make is named, with what to do.
      await expect(carrying).rejects.toMatchObject({
        code: 'restore-incomplete',
        hint: expect.stringContaining('set search_path'),
      });
    },
  );

  test('a database comes from the newer to the newer, owners and privileges beside it', async () => {
    const kind = kinds().find(({ name }) => name === 'owners-and-privileges');
    if (kind === undefined) throw new Error('the gallery has no owners and privileges');
    await carry(kind, newer(), newer());
  });

  test('a dump of the newer is refused by the older before anything is made there', async () => {
    const database = await small(newer());
    const store = await folderStore();
    const { name } = await dump(newer(), database, store);
    const target = nameOn(older);
    const refused = restore(newer(), older, store, { artifact: name, database: target });
    await expect(refused).rejects.toMatchObject({
      code: 'postgres-version',
      hint: expect.stringContaining(String(major)),
    });
    expect(await queryServer(older, 'select from pg_database where datname = $1', [target])).toEqual([]);
  });

  test.for(['custom', 'plain'])(
    'what the newer pg_dump has written of the older, %s, the older takes, settings that it does not know aside',
    async (format) => {
      const database = await small(older);
      const file = join(await temporaryFolder('majors'), 'dump');
      await dumpByNewer(database, format, file);
      const target = nameOn(older);
      const { facts } = await restore(older, older, await folderStore(), {
        artifact: file,
        database: target,
        'same-server': true,
      });
      expect(facts.incomplete ?? []).toEqual([]);
      const rows = await databaseNamed(older, target).query('select id, word from words order by id');
      expect(rows).toHaveLength(3);
    },
  );

  async function dumpByNewer(database: string, format: string, file: string): Promise<void> {
    const folder = process.env['RUN_PLAN_POSTGRES'];
    const program = join(folder ?? '/usr/lib/postgresql', String(major), 'bin', 'pg_dump');
    const words = [`--format=${format}`, `--file=${file}`, '--no-owner', database];
    await promisify(execFile)(program, words, { env: { ...process.env, ...libpqVariables(older) } });
  }
});

/** Dumps a kind on one server, restores it on another and compares. */
async function carry(kind: Kind, from: Services, to: Services): Promise<void> {
  const source = await make(from, kind);
  const store = await folderStore();
  const { name, tools } = await dump(from, source.name, store);
  expect(tools['pg_dump']).toMatch(new RegExp(`^${String(from.postgres.major)}\\b`));
  if (from !== to) await queryServer(to, makeRoles(kind));
  const database = nameOn(to);
  const [first, ...others] = kind.accept;
  const { facts } = await restore(from, to, store, {
    artifact: name,
    database,
    'same-server': true,
    ...(first !== undefined && { accept: [first, ...others] }),
  });
  expect(facts.incomplete ?? []).toHaveLength(kind.accept.length);
  const environment = environmentFor(to, database, store.settings);
  await attempt(
    restoreCompare,
    { artifact: name, from: 'test' },
    { environment, repository: store.repository, password: to.postgres.password },
  );
}

async function small(services: Services): Promise<string> {
  const database = await createDatabase(services);
  onTestFinished(() => dropDatabase(services, database));
  await database.query(
    "create table words (id int primary key, word text); insert into words select n, 'w' || n from generate_series(1, 3) n",
  );
  return database.name;
}

async function dump(services: Services, database: string, store: Store): Promise<Manifest> {
  const { result } = await attempt(
    postgresDump,
    { fingerprint: 'content' },
    {
      environment: environmentFor(services, database, store.settings),
      repository: store.repository,
      password: services.postgres.password,
    },
  );
  return manifestOf(store.repository, result.outputs?.['artifact'] ?? '');
}

async function restore(
  from: Services,
  to: Services,
  store: Store,
  parameters: PostgresRestoreParameters,
): Promise<{ readonly facts: RestoreFacts; readonly said: Said }> {
  const environment = environmentFor(to, from === to ? 'postgres' : 'template1', store.settings);
  const { result, said } = await attempt(postgresRestore, parameters, {
    environment,
    repository: store.repository,
    password: to.postgres.password,
  });
  return { facts: result.facts?.['restore'] as RestoreFacts, said };
}

function nameOn(services: Services): string {
  const name = `majors_${randomBytes(6).toString('hex')}`;
  onTestFinished(() => dropDatabase(services, databaseNamed(services, name)));
  return name;
}
