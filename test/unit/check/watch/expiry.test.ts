import { expect, test } from 'vitest';
import { judgeExpiry } from '../../../../src/check/watch/expiry.ts';
import { pemEnd, tokenEnd } from '../../../../src/check/watch/written-expiry.ts';

const dayMs = 86_400_000;
const now = new Date('2026-11-24T12:00:00Z');
const limits = { warnMs: 21 * dayMs, failMs: 7 * dayMs };

test.each([
  [22, 'ok'],
  [20, 'warn'],
  [7, 'warn'],
  [6, 'fail'],
  [-1, 'fail'],
])('an end in %i days is %s', (days, state) => {
  const endsAt = new Date(now.getTime() + days * dayMs);
  expect(judgeExpiry({ name: 'token', endsAt }, now, limits)).toMatchObject({ state });
});

test('says how long is left, or since when nothing is', () => {
  const found = (days: number) =>
    judgeExpiry({ name: 'token', endsAt: new Date(now.getTime() + days * dayMs) }, now, limits).found;
  expect(found(3)).toBe('3d left, until 2026-11-27T12:00:00.000Z');
  expect(found(-3)).toBe('ended 3d ago, until 2026-11-21T12:00:00.000Z');
  expect(judgeExpiry({ name: 'token', endsAt: null }, now, limits)).toEqual({
    what: 'token',
    state: 'ok',
    expected: 'at least 1w left',
    found: 'it tells of no end',
  });
});

function token(claims: unknown): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.c2ln`;
}

test('a token tells its end by exp', () => {
  expect(tokenEnd(`${token({ exp: now.getTime() / 1000 })}\n`)).toEqual(now);
});

test.each(
  [
    ['', token({}), token({ exp: 'soon' }), token(null), 'a.b.c', 'a.!.c.d', 'AGE-SECRET-KEY-1QQ', 'sesame'],
  ].flat(),
)('%s tells of none', (text) => {
  expect(tokenEnd(text)).toBeUndefined();
});

test('a text without a certificate has no end', () => {
  expect(
    pemEnd('-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n', 'certificate'),
  ).toBeUndefined();
});
