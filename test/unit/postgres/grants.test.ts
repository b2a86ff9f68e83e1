import { expect, test } from 'vitest';
import { grantStatements, withOwner, type Grant } from '../../../src/postgres/grants.ts';

function grant(grantee: string | null, privilege: string, grantable = false): Grant {
  return { grantee, privilege, grantable };
}

test('says nothing where both have the same, in whatever order', () => {
  const wanted = [grant('app', 'SELECT'), grant('app', 'INSERT')];
  expect(grantStatements('table "t"', wanted, wanted.toReversed())).toEqual([]);
});

test('takes what is too much, gives what is missing, and only to whom it differs', () => {
  expect(
    grantStatements(
      'routine "f"()',
      [grant('my app', 'EXECUTE'), grant('boss', 'EXECUTE', true), grant('same', 'EXECUTE')],
      [grant(null, 'EXECUTE'), grant('same', 'EXECUTE')],
    ),
  ).toEqual([
    'revoke EXECUTE on routine "f"() from public',
    'grant EXECUTE on routine "f"() to "my app"',
    'grant EXECUTE on routine "f"() to "boss" with grant option',
  ]);
});

test('columns stand with each privilege', () => {
  const wanted = [grant('app', 'SELECT'), grant('app', 'UPDATE')];
  expect(grantStatements('table "t"', wanted, [], ' ("c")')).toEqual([
    'grant SELECT ("c"), UPDATE ("c") on table "t" to "app"',
  ]);
});

test('with another owner his grants are the new one’s', () => {
  expect(withOwner([grant('restorer', 'SELECT'), grant('app', 'SELECT')], 'restorer', 'app')).toEqual([
    grant('app', 'SELECT'),
  ]);
});
