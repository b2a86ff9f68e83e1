import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, test } from 'vitest';
import artifactVerify from '../../../tasks/artifact-verify.ts';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import { realProgram } from '../dump/fake.ts';
import { temporaryFolder } from '../dump/folder.ts';
import { expectEqual, libpqVariables } from '../dump/stock-tools.ts';
import { kinds, make, type Kind } from '../gallery/gallery.ts';
import type { Restored } from '../../../src/task/contract.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import {
  commentOf,
  databaseNamed,
  dumpInto,
  exists,
  folderStore,
  newDatabase,
  newName,
  restore,
} from './restored.ts';

const services = inject('services');
const run = promisify(execFile);
const formats = ['custom', 'directory'] as const;

/** The kinds of the gallery whose objects need the search path of their source. */
const searching = kinds().filter(({ name }) => name.endsWith('by-search-path'));

function kindNamed(name: string): Kind {
  const kind = kinds().find((each) => each.name === name);
  if (kind === undefined) throw new Error(`the gallery has no ${name}`);
  return kind;
}

test.for(formats.flatMap((format) => searching.map((kind) => [kind.description, format, kind] as const)))(
  '%s: %s, by several processes',
  async ([, format, kind]) => {
    const source = await make(services, kind);
    const store = await folderStore();
    await dumpInto(store, source, { format });
    const target = newName();
    const { facts, said } = await restore({ database: target, jobs: 3 }, { store, of: source });
    expect(facts.incomplete).toBeUndefined();
    expect(said.warnings).toEqual([]);
    expect(await commentOf(target)).toBeNull();
    await expectEqual(services, target, source.name);
  },
);

test.for(formats.flatMap((format) => searching.map((kind) => [kind.description, format, kind] as const)))(
  '%s: %s, in a throw-away cluster',
  async ([, format, kind]) => {
    const source = await make(services, kind);
    const store = await folderStore();
    await dumpInto(store, source, { format });
    const { result } = await attempt(
      postgresRestore,
      { from: 'test', scratch: await temporaryFolder('scratch') },
      {
        environment: { name: 'scratch', protected: false, ephemeral: true },
        others: [
          {
            environment: environmentFor(services, source.name, store.settings),
            repository: store.repository,
          },
        ],
        repository: store.repository,
        password: services.postgres.password,
      },
    );
    expect(result.facts?.['restore']).not.toHaveProperty('incomplete');
  },
);

test.for([
  ['custom', '"$DUMP" -Fc -f "$OUT"'],
  ['custom, compressed', '"$DUMP" -Fc -Z0 | zstd -q -o "$OUT"'],
  ['tar', '"$DUMP" -Ft -f "$OUT"'],
  ['directory', '"$DUMP" -Fd -f "$OUT"'],
] as const)('a dump of another tool: %s', async ([, script]) => {
  const path = join(await temporaryFolder('other tool'), 'own dump');
  for (const kind of searching) {
    const source = await make(services, kind);
    const environment = {
      PGDATABASE: source.name,
      OUT: path,
      DUMP: await realProgram(services.postgres.major, 'pg_dump'),
    };
    await run('bash', ['-euc', `rm -rf "$OUT"; ${script}`], {
      env: { ...process.env, ...libpqVariables(services), ...environment },
    });
    const target = newName();
    const store = await folderStore();
    await restore({ artifact: path, database: target, jobs: 2 }, { store, of: source });
    await expectEqual(services, target, source.name);
  }
});

/** Its rows are a file of their own in a directory dump. */
const largeChecked = `
  create table least as select 'a'::text as x;
  create function is_fine(text) returns bool language sql stable as $$ select $1 >= x from least $$;
  create table large (id int primary key, x text not null check (is_fine(x)));
  alter table large alter x set storage external;
  insert into large select n, repeat('b', 100000) || n from generate_series(1, 60) as n;
  create table referring (id int references large);
  insert into referring select generate_series(1, 60)`;

test.for([1, 3])('rows that come apart from the others are read again (jobs: %i)', async (jobs) => {
  const source = await newDatabase(largeChecked);
  const store = await folderStore();
  const manifest = await dumpInto(store, source, { format: 'directory' });
  expect(manifest.files.map(({ role }) => role)).toContain('table');
  const target = newName();
  await restore({ database: target, jobs }, { store, of: source });
  await expectEqual(services, target, source.name);
});

test.for(formats.flatMap((format) => [1, 3].map((jobs) => [format, jobs] as const)))(
  'an object that the server refuses for good is named, and nothing else is missing: %s, jobs: %i',
  async ([format, jobs]) => {
    const kind = kindNamed('index-that-no-other-database-can-have');
    const source = await make(services, kind);
    const store = await folderStore();
    const manifest = await dumpInto(store, source, { format, fingerprint: 'content' });
    const options = { store, of: source };
    const name = newName();
    await expect(restore({ database: name, jobs }, options)).rejects.toMatchObject({
      code: 'restore-incomplete',
      where: expect.stringMatching(/^INDEX public b_refused /) as string,
      message: expect.stringMatching(/: not here\n[^]*statement: CREATE INDEX b_refused /) as string,
      facts: { incomplete: [{ object: expect.stringMatching(/ b_refused /) as string }] },
    });
    const restored = databaseNamed(name);
    expect(await restored.query('select count(*)::int from places')).toEqual([{ count: 100 }]);
    const indexes =
      "select indexrelid::regclass::text as name from pg_index where indrelid = 'places'::regclass order by 1";
    expect(await restored.query(indexes)).toEqual([
      { name: 'a_before' },
      { name: 'c_after' },
      { name: 'places_pkey' },
    ]);
    expect(await commentOf(name)).toMatch(/"state":"loaded"/);
    // Another plan accepts it, and goes on from there.
    const parameters = { database: name, jobs, artifact: manifest.name, resume: true, accept: ['public.*'] };
    const { facts, said } = await restore(parameters, options);
    expect(facts.incomplete).toMatchObject([{ message: expect.stringContaining('not here') as string }]);
    expect(said.warnings).toEqual([
      expect.stringMatching(/^not there, as accepted: INDEX public b_refused /),
    ]);
    expect(await commentOf(name)).toBeNull();
    const environment = environmentFor(services, name, store.settings);
    const comparing = { environment, repository: store.repository, password: services.postgres.password };
    await attempt(artifactVerify, { artifact: manifest.name }, comparing);
    await attempt(restoreCompare, { artifact: manifest.name, from: 'test' }, comparing);
  },
);

test('an object that is not the accepted one fails the restore', async () => {
  const source = await make(services, kindNamed('index-that-no-other-database-can-have'));
  const store = await folderStore();
  await dumpInto(store, source);
  const parameters = { database: newName(), accept: ['public.b_ref', 'public.a_before', 'b_refused'] };
  await expect(restore(parameters, { store, of: source })).rejects.toMatchObject({
    code: 'restore-incomplete',
  });
});

/** Refuses the first key that is made, as parallel workers do that take each other's locks. */
const refusingOnce = `
  create schema refusing;
  create sequence refusing.keys;
  create function refusing.once() returns event_trigger language plpgsql as $$
  begin
    if current_query() like '%FOREIGN KEY%' and nextval('refusing.keys') = 1 then
      raise 'could not obtain lock' using errcode = 'lock_not_available';
    end if;
  end $$;
  create event trigger refuse_once on ddl_command_start when tag in ('ALTER TABLE') execute function refusing.once()`;

test.for(formats.flatMap((format) => [1, 3].map((jobs) => [format, jobs] as const)))(
  'a key that is refused once is made alone, and the restore is whole: %s, jobs: %i',
  async ([format, jobs]) => {
    const source = await newDatabase(`
      create table tree (id int primary key, parent int references tree) partition by range (id);
      create table tree_low partition of tree for values from (0) to (100);
      create table tree_high partition of tree for values from (100) to (200);
      insert into tree select n, nullif(n / 2, 0) from generate_series(1, 199) n`);
    const store = await folderStore();
    await dumpInto(store, source, { format });
    const target = await newDatabase(refusingOnce);
    const { facts, said } = await restore({ database: target.name, jobs }, { store, of: source });
    expect(await target.query('select is_called from refusing.keys')).toEqual([{ is_called: true }]);
    expect(facts.incomplete).toBeUndefined();
    expect(said.warnings).toEqual([]);
    await target.query('drop event trigger refuse_once; drop schema refusing cascade');
    await expectEqual(services, target.name, source.name);
  },
);

test('in one transaction, the first object that is refused ends the restore, and nothing stays', async () => {
  const source = await make(services, kindNamed('index-that-no-other-database-can-have'));
  const store = await folderStore();
  await dumpInto(store, source);
  const target = await newDatabase();
  const parameters = { database: target.name, 'single-transaction': true, accept: ['public.b_refused'] };
  await expect(restore(parameters, { store, of: source })).rejects.toMatchObject({ code: 'restore-failed' });
  expect(await exists(target.name)).toBe(true);
  expect(await target.query("select to_regclass('places')::text as found")).toEqual([{ found: null }]);
});

test.for([1, 3])(
  'a table that cannot be made is named with all that belongs to it (jobs: %i)',
  async (jobs) => {
    const source = await newDatabase(`
    create table refused (id int primary key);
    insert into refused values (1);
    create table fine (id int primary key);
    insert into fine values (1), (2);
    create view of_refused as select * from refused`);
    const store = await folderStore();
    const manifest = await dumpInto(store, source, { fingerprint: 'content' });
    const refusing = `
    create function refuse() returns event_trigger language plpgsql as $$ begin
      if exists (select from pg_event_trigger_ddl_commands() where object_identity = 'public.refused')
        then raise 'not that one'; end if; end $$;
    create event trigger refusing on ddl_command_end execute function refuse()`;
    const target = await newDatabase(refusing);
    await expect(restore({ database: target.name, jobs }, { store, of: source })).rejects.toMatchObject({
      code: 'restore-incomplete',
      message: expect.stringMatching(
        /but 4 objects\nTABLE public refused .*not that one[^]*\nVIEW public of_refused [^]*\nTABLE DATA public refused [^]*\nCONSTRAINT public refused refused_pkey /,
      ) as string,
    });
    expect(await target.query('select count(*)::int from fine')).toEqual([{ count: 2 }]);
    const other = await newDatabase(refusing);
    const accept = ['public.refused', 'public.of_refused'];
    const { facts } = await restore({ database: other.name, jobs, accept }, { store, of: source });
    expect(facts.incomplete).toHaveLength(4);
    const environment = environmentFor(services, other.name, store.settings);
    const incomplete = facts.incomplete?.map(({ object }) => object);
    const { said } = await attempt(
      restoreCompare,
      { artifact: manifest.name, from: 'test' },
      {
        environment,
        repository: store.repository,
        password: services.postgres.password,
        restored: { postgres: environment.postgres, incomplete } as Restored,
      },
    );
    expect(said.notes).toContain('not compared, as the restore was accepted without: public.refused');
  },
);
