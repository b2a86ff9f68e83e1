import { expect, inject, onTestFinished, test } from 'vitest';
import type { Failure } from '../../../src/base/failure.ts';
import type { IndexCheckParameters } from '../../../src/language/generated/index-check.types.ts';
import type { CheckFact } from '../../../src/language/facts.ts';
import type { Restored } from '../../../src/task/contract.ts';
import indexCheck from '../../../tasks/index-check.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../../services/database.ts';
import { attempt, environmentFor, type AttemptOptions } from '../task/attempt.ts';

const services = inject('services');

async function words(sql = ''): Promise<TestDatabase> {
  const database = await createDatabase(services);
  onTestFinished(() => dropDatabase(services, database));
  await database.query(`
    create collation turning (provider = libc, locale = 'C');
    create table words (id int primary key, word text collate turning);
    insert into words select n, 'word ' || n from generate_series(1, 2000) n;
    create index "By Word" on words (word);
    ${sql}`);
  return database;
}

function check(
  database: TestDatabase,
  parameters: IndexCheckParameters = {},
  more: Partial<AttemptOptions> = {},
) {
  const environment = environmentFor(services, database.name, { store: { kind: 'folder', folder: '/none' } });
  const options = { environment, repository: memoryRepository(), password: services.postgres.password };
  return attempt(indexCheck, parameters, { ...options, ...more });
}

/** Turns the order that the index's operators have, as another version of a collation's library may. */
const otherwise = `
  create function backwards(text, text) returns int language sql immutable as 'select bttextcmp($2, $1)';
  create operator class backwards for type text using btree as
    operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 backwards(text, text),
    function 4 btequalimage(oid);
  update pg_index set indclass = (select oid::text::oidvector from pg_opclass where opcname = 'backwards')
   where indexrelid = '"By Word"'::regclass;`;

test('sound indexes are counted, those of the catalogue too', async () => {
  const { result, said } = await check(await words('create extension amcheck'));
  expect(result.facts?.['checks']).toEqual([
    { name: expect.stringMatching(/^\d{3} B-tree indexes are sound$/), state: 'passed' },
  ]);
  expect(said.notes).toEqual([]);
});

test('an index whose order is no longer that of its values is named, and every one beside it checked', async () => {
  const database = await words(`create extension amcheck; ${otherwise}`);
  const failure = (await check(database).catch((error: unknown) => error)) as Failure;
  expect(failure).toMatchObject({
    code: 'check-failed',
    message: expect.stringMatching(/public\."By Word" of public\.words: .*invariant violated/),
  });
  const facts = failure.facts?.['checks'] as CheckFact[];
  expect(facts.map(({ state }) => state)).toEqual(['passed', 'failed']);
});

test('rows that an index lacks are found when asked for', async () => {
  // The catalogue takes the index for one of fewer rows while these come.
  const database = await words('create extension amcheck');
  const at = `where indexrelid = '"By Word"'::regclass`;
  await database.query(`update pg_index set indisready = false, indislive = false ${at}`);
  await database.query("insert into words values (0, 'not in it')");
  await database.query(`update pg_index set indisready = true, indislive = true ${at}`);
  await check(database);
  await expect(check(database, { 'heap-all-indexed': true })).rejects.toMatchObject({
    code: 'check-failed',
    message: expect.stringContaining('lacks matching index tuple'),
  });
});

test('without amcheck it is a note; in what the run has restored it is put there and gone afterwards', async () => {
  const database = await words(otherwise);
  const { result, said } = await check(database);
  expect(result).toEqual({});
  expect(said.notes).toEqual([expect.stringContaining('amcheck is not installed')]);
  const restored = {} as Restored;
  await expect(check(database, {}, { restored })).rejects.toMatchObject({ code: 'check-failed' });
  const left = await database.query("select from pg_extension where extname = 'amcheck'");
  expect(left).toEqual([]);
});
