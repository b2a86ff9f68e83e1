import { expect, inject, test } from 'vitest';
import { attempt, environmentFor } from '../task/attempt.ts';
import {
  changeManifest,
  dumpInto,
  folderStore,
  manifestOf,
  newDatabase,
  newName,
  restore,
} from '../restore/restored.ts';
import postgresDump from '../../../tasks/postgres-dump.ts';

const services = inject('services');

const words = `
  create collation german (provider = icu, locale = 'de');
  create collation "of no version" (provider = libc, locale = 'C');
  create table words (word text collate german, other text collate "of no version");
  create index "By Word" on words (word);
  create index by_both on words (other, word);
  create index by_other on words (other)`;
/** As after a change of the system's library. */
const moved = `update pg_collation set collversion = '1.2' where collname = 'german'`;

test('the versions of collations that indexes use are kept, and one that has moved is warned of', async () => {
  const source = await newDatabase(words);
  const store = await folderStore();
  const dump = async () => {
    const environment = environmentFor(services, source.name, store.settings);
    const { repository } = store;
    const options = { environment, repository, password: services.postgres.password };
    const { result, said } = await attempt(postgresDump, {}, options);
    const { collations } = await manifestOf(repository, result.outputs?.['artifact'] ?? '');
    return { collations, warnings: said.warnings };
  };
  const [version] = await source.query(
    "select pg_collation_actual_version(oid) as here from pg_collation where collname = 'german'",
  );
  const sound = await dump();
  expect(sound).toEqual({
    collations: [{ name: 'public.german', version: version?.['here'], indexes: 2 }],
    warnings: [],
  });
  await source.query(moved);
  const { collations, warnings } = await dump();
  expect(collations).toEqual(sound.collations);
  expect(warnings).toEqual([
    expect.stringMatching(
      /^text in the collation public\.german was sorted by version 1\.2 .*: public\."By Word", public\.by_both\. .*'alter collation public\.german refresh version'$/,
    ),
  ]);
});

test('a restore where text sorts by another version says so', async () => {
  const source = await newDatabase(words);
  const store = await folderStore();
  const manifest = await dumpInto(store, source);
  const alike = await restore({ database: newName() }, { store, of: source });
  expect(alike.facts.remarks).toEqual([]);
  await changeManifest(store, manifest, ({ collations = [], ...rest }) => {
    return { ...rest, collations: collations.map((each) => ({ ...each, version: '1.2' })) };
  });
  const { facts } = await restore({ database: newName() }, { store, of: source });
  expect(facts.remarks).toEqual([
    expect.stringMatching(/^the collation public\.german is version .* here, at the source it was 1\.2: /),
  ]);
});
