import { expect, test } from 'vitest';
import { pauseOf } from '../../../../src/uploads/cdn/call.ts';
import {
  basePathOf,
  encodeForCloudFront,
  encodeStandard,
  pathsOfKey,
} from '../../../../src/uploads/cdn/url-path.ts';

test.each([
  ['a b/ü.jpg', '/a%20b/%C3%BC.jpg', '/a%20b/%C3%BC.jpg'],
  ['100%?#.txt', '/100%25%3F%23.txt', '/100%25%3F%23.txt'],
  ["it's(1)&=,;:@$!.txt", "/it's(1)&=,;:@$!.txt", "/it's(1)&=,;:@$!.txt"],
  ['~[x]^', '/~%5Bx%5D%5E', '/%7E%5Bx%5D%5E'],
  ['back\\slash\n', '/back%5Cslash%0A', '/back%5Cslash%0A'],
  ['\u{1f600}', '/%F0%9F%98%80', '/%F0%9F%98%80'],
])('the key %j is %s, for CloudFront %s', (key, standard, forCloudFront) => {
  expect(pathsOfKey(key, '', encodeStandard)).toEqual([standard]);
  expect(pathsOfKey(key, '', encodeForCloudFront)).toEqual([forCloudFront]);
});

test('a plus is invalidated in both ways in which it is asked for', () => {
  const base = basePathOf(new URL('https://cdn.example/up/'));
  expect(pathsOfKey('a+b', base, encodeStandard)).toEqual(['/up/a+b', '/up/a%2Bb']);
});

function throttled(retryAfter: string): Parameters<typeof pauseOf>[0] {
  const headers = new Headers({ 'retry-after': retryAfter });
  return { status: 429, statusText: '', headers, body: '', isCut: false };
}

test('a pause is what the answer asks for, in seconds or until a date, otherwise it doubles', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  expect(pauseOf(throttled('7'), 1, now)).toBe(7000);
  expect(pauseOf(throttled('Thu, 01 Jan 2026 00:00:09 GMT'), 1, now)).toBe(9000);
  expect(pauseOf(throttled('Wed, 31 Dec 2025 23:00:00 GMT'), 1, now)).toBe(0);
  for (const [count, ceiling] of [
    [1, 1000],
    [3, 4000],
    [20, 60_000],
  ] as const) {
    const pause = pauseOf(undefined, count, now);
    expect(pause).toBeGreaterThanOrEqual(ceiling / 2);
    expect(pause).toBeLessThanOrEqual(ceiling);
  }
});
