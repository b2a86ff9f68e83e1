import { expect, test } from 'vitest';
import { failureOfServerError, invitesOtherEncryption } from '../../../src/postgres/server-error.ts';
import { Failure } from '../../../src/base/failure.ts';

const endpoint = { host: 'db', port: 5432, database: 'shop', user: 'backup', sslmode: 'prefer' } as const;

function serverError(code: string, message = 'as the server says it'): Error {
  return Object.assign(new Error(message), { code });
}

test.for([
  ['ECONNREFUSED', 'postgres-unreachable'],
  ['ENOTFOUND', 'postgres-unreachable'],
  ['28P01', 'postgres-login'],
  ['28000', 'postgres-login'],
  ['3D000', 'postgres-database-missing'],
  ['42501', 'postgres-permission'],
  ['57P01', 'postgres-connection-lost'],
  ['08006', 'postgres-connection-lost'],
  ['ECONNRESET', 'postgres-connection-lost'],
  ['57P03', 'postgres-unreachable'],
  ['53300', 'postgres-unreachable'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'postgres-unreachable'],
  ['42P01', 'postgres-query'],
] as const)('%s is told as %s, with the server named', ([state, code]) => {
  const failure = failureOfServerError(serverError(state), endpoint);
  expect(failure.code).toBe(code);
  expect(failure.message).toContain('backup@db:5432/shop');
});

test('a query that failed says what it was for', () => {
  expect(failureOfServerError(serverError('42P01', 'no such'), endpoint, 'counting rows').message).toBe(
    'backup@db:5432/shop: no such (while counting rows)',
  );
});

test('a connection that ends by itself is lost, one that is never answered is unreachable', () => {
  expect(failureOfServerError(new Error('Connection terminated unexpectedly'), endpoint).code).toBe(
    'postgres-connection-lost',
  );
  expect(failureOfServerError(new Error('timeout expired'), endpoint).code).toBe('postgres-unreachable');
});

test('a Failure passes as it is', () => {
  const failure = new Failure('secret-unavailable', 'gone');
  expect(failureOfServerError(failure, endpoint)).toBe(failure);
});

test('only a refusal that encryption can change is tried the other way', () => {
  expect(invitesOtherEncryption(new Error('The server does not support SSL connections'))).toBe(true);
  expect(invitesOtherEncryption(serverError('28000'))).toBe(true);
  expect(invitesOtherEncryption(serverError('28P01'))).toBe(false);
  expect(invitesOtherEncryption(serverError('ECONNREFUSED'))).toBe(false);
});
