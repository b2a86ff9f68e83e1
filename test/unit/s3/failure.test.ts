import { expect, test } from 'vitest';
import type { S3Location } from '../../../src/language/environment/environment.ts';
import { Failure } from '../../../src/base/failure.ts';
import { chanceOf, s3Failure } from '../../../src/s3/failure.ts';

const location: S3Location = { bucket: 'backups', prefix: 'prod', forcePathStyle: false };

function failing(name: string, message = 'said', more: object = {}): Error {
  return Object.assign(new Error(message), { name }, more);
}

test.each([
  ['NoSuchBucket', 'repository-missing'],
  ['NoSuchKey', 'repository-missing'],
  ['AccessDenied', 'repository-denied'],
  ['InvalidAccessKeyId', 'repository-denied'],
  ['SignatureDoesNotMatch', 'repository-denied'],
  ['RequestTimeTooSkewed', 'repository-denied'],
  ['CredentialsProviderError', 'repository-denied'],
  ['PermanentRedirect', 'repository-missing'],
  ['SlowDown', 'repository-unreachable'],
  ['TimeoutError', 'repository-unreachable'],
])('%s names the object and says what to do', (name, code) => {
  const failure = s3Failure(failing(name), { action: 'store', key: 'a/key' }, location);
  expect(failure).toMatchObject({ code, where: 's3://backups/prod/a/key' });
  expect(failure.message).toContain('Cannot store s3://backups/prod/a/key: ');
  expect(failure.message).toContain(`(${name}: said)`);
  expect(failure.hint).toBeTruthy();
});

test('a network error is found in the causes of the error too', () => {
  const cause = failing('Error', 'connect', { code: 'ECONNREFUSED' });
  expect(s3Failure(new Error('failed', { cause }), { action: 'list' }, location).code).toBe(
    'repository-unreachable',
  );
  const both = new AggregateError([cause, failing('Error', 'connect', { code: 'ENETUNREACH' })], '');
  expect(s3Failure(both, { action: 'list' }, location).message).toContain('the connection is refused');
});

test('a connection that broke is no timeout, whatever the SDK calls it', () => {
  const error = failing('TimeoutError', 'socket hang up', { code: 'ECONNRESET' });
  const { message } = s3Failure(error, { action: 'list' }, location);
  expect(message).toContain('the connection broke (ECONNRESET: socket hang up)');
});

test('what does not speak HTTP is told with what to do', () => {
  const error = failing('Error', 'Parse Error: Expected HTTP/', { code: 'HPE_INVALID_CONSTANT' });
  const failure = s3Failure(error, { action: 'list' }, location);
  expect(failure.message).toContain('does not speak HTTP');
  expect(failure.hint).toContain('port');
});

test('an answer without a name is known by its status', () => {
  const error = failing('Unknown', 'UnknownError', { $metadata: { httpStatusCode: 403 } });
  const failure = s3Failure(error, { action: 'read', key: 'key' }, location);
  expect(failure.code).toBe('repository-denied');
  // A HEAD cannot say whether it is the keys or their policy.
  expect(failure.hint).toMatch(/^Check the access keys .*s3:ListBucket/);
});

test('what nobody foresaw keeps its own words; a failure stays what it is', () => {
  expect(s3Failure(failing('Odd', 'quite odd'), { action: 'store', key: 'key' }, location)).toMatchObject({
    code: 'repository-write',
    message: 'Cannot store s3://backups/prod/key: quite odd',
  });
  expect(s3Failure(failing('Odd'), { action: 'read' }, location).code).toBe('repository-read');
  const failure = new Failure('key-exists', 'there');
  expect(s3Failure(failure, { action: 'store' }, location)).toBe(failure);
});

test.each(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED'])('%s may pass, and is tried again', (code) => {
  const error = failing('Error', 'getaddrinfo', { code });
  expect(chanceOf(error, new Date(0)).mostTries).toBe(Infinity);
});
