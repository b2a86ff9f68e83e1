import { expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import { movedCollations, unlikeCollations } from '../../../src/postgres/collations.ts';

const german = { name: 'public.german', version: '153.120', recorded: '153.120', indexes: 1, first: ['i'] };

test('a collation whose library has moved is named with its indexes and with what to do', () => {
  const moved = {
    ...german,
    name: 'default',
    recorded: '2.31',
    version: '2.36',
    indexes: 7,
    first: ['a', 'b'],
  };
  expect(movedCollations([german, moved, { ...german, recorded: null }], 'my "shop"')).toEqual([
    "text in the database's collation was sorted by version 2.31 of the system's library, and is by 2.36 now: indexes may miss rows or hold them twice, also for this dump: a, b and 5 more. " +
      `Look with index-check; 'reindex index concurrently NAME' builds each anew, then 'alter database "my ""shop""" refresh collation version'`,
  ]);
});

test('a collation of another version than at the source is told, one that is not used here is not', () => {
  const then = [german, { name: 'default', version: '2.31' }, { name: 'public.gone', version: '1' }];
  expect(unlikeCollations(then, [german, { name: 'default', version: '2.36' }])).toEqual([
    expect.stringMatching(/^the database's collation is version 2\.36 .* here, at the source it was 2\.31: /),
  ]);
  expect(unlikeCollations(then, [german])).toEqual([]);
});

test('a server that does not tell is no failure', () => {
  const refused = new Failure('postgres-permission', 'permission denied for table pg_collation');
  const told = [`the versions of collations could not be read: ${refused.message}`];
  expect(movedCollations(refused, 'shop')).toEqual(told);
  expect(unlikeCollations([german], refused)).toEqual(told);
  expect(unlikeCollations([], refused)).toEqual([]);
});
