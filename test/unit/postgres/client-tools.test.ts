import { expect, test } from 'vitest';
import { chooseMajor, parseClientVersion } from '../../../src/postgres/client-tools.ts';

const installed = [{ major: 17 }, { major: 14 }, { major: 16 }];

test('the client has the server’s major, or the nearest newer one', () => {
  expect(chooseMajor(installed, 16)).toEqual({ major: 16 });
  expect(chooseMajor(installed, 15)).toEqual({ major: 16 });
});

test('a client older than the server is never chosen', () => {
  expect(chooseMajor(installed, 18)).toBeUndefined();
  expect(chooseMajor(installed.slice(0, 0), 15)).toBeUndefined();
});

test.for([
  ['pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n', 15, '15.18 (Debian 15.18-0+deb12u1)'],
  ['pg_dump (PostgreSQL) 18beta1', 18, '18beta1'],
  ['pg_dump (PostgreSQL) 9.6.24', 9, '9.6.24'],
] as const)('reads the version out of %j', ([text, major, version]) => {
  expect(parseClientVersion(text)).toEqual({ major, version });
});

test('what is not Postgres has no version', () => {
  expect(parseClientVersion('pg_dump 1.0')).toBeUndefined();
});
