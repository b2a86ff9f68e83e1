import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import artifactVerify from '../../../tasks/artifact-verify.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import { expectEqual, runSql, whoMayDoWhat } from '../dump/stock-tools.ts';
import { dumpInto, folderStore, newDatabase, newName, restore } from '../restore/restored.ts';
import { attempt, environmentFor } from '../task/attempt.ts';
import { kinds, make } from './gallery.ts';

const services = inject('services');

const ways = kinds().flatMap((kind) =>
  (['custom', 'directory'] as const).map((format) => [kind.description, format, kind] as const),
);

test.for(ways)('%s: %s', async ([, format, kind]) => {
  const source = await make(services, kind);
  const store = await folderStore();
  const manifest = await dumpInto(store, source, { format, fingerprint: 'content', globals: true });
  const options = {
    environment: environmentFor(services, source.name, store.settings),
    repository: store.repository,
    password: services.postgres.password,
  };
  const unknown = manifest.fingerprint.tables.filter((table) => table.unknown !== undefined);
  expect(unknown).toEqual([]);
  await attempt(artifactVerify, { artifact: manifest.name }, options);
  const target = newName();
  const { accept } = kind;
  const { facts } = await restore(
    { database: target, artifact: manifest.name, ...(accept.length > 0 && { accept: [...accept] }) },
    { store, of: source },
  );
  expect(facts.incomplete ?? []).toHaveLength(accept.length);
  await attempt(
    restoreCompare,
    { artifact: manifest.name, from: 'test' },
    { ...options, environment: environmentFor(services, target, store.settings) },
  );
  const privileges = manifest.files.find(({ role }) => role === 'privileges');
  expect(await runSql(services, target, join(store.folder, privileges?.key ?? ''))).toBe('');
  // What is missing as accepted is missing from the text of a dump, too.
  if (accept.length > 0) return;
  await expectEqual(services, target, source.name);
  expect(await whoMayDoWhat(services, target)).toBe(await whoMayDoWhat(services, source.name));
});

test('of thousands of tables owners and privileges are kept as well, when the dump has let go of its locks', async () => {
  const source = await newDatabase(`do $$ begin
    for n in 1..2050 loop execute format('create table %I ()', 'table ' || n); end loop; end $$`);
  const { files } = await dumpInto(await folderStore(), source);
  expect(files.map(({ role }) => role)).toEqual(['dump', 'privileges', 'checksums', 'guide']);
});

test.for([
  ['a table', `create table "a\n\\! touch pwned\n--" (x int)`],
  ['an argument', `create function f("a\n\\! touch pwned" int) returns int language sql as 'select 1'`],
])('of %s whose name holds a line break no SQL is made, and the dump is stored', async ([, sql]) => {
  const source = await newDatabase(sql);
  const store = await folderStore();
  const { files } = await dumpInto(store, source);
  expect(files.map(({ role }) => role)).toEqual(['dump', 'checksums', 'guide']);
});
