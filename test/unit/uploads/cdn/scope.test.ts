import { expect, test } from 'vitest';
import { requestsOf } from '../../../../src/uploads/cdn/cloudfront.ts';
import { createScopeBuilder, type Scope } from '../../../../src/uploads/cdn/scope.ts';
import { fc } from '../../../fixtures/property.ts';

function scopeOf(paths: readonly string[], atMostPaths: number, mostPrefixes: number, basePath = ''): Scope {
  const builder = createScopeBuilder({ atMostPaths, mostPrefixes }, basePath);
  for (const path of paths) builder.add(path);
  return builder.scope();
}

test('as many paths as are allowed stay what they are, each once', () => {
  expect(scopeOf(['/a', '/b', '/a'], 2, 1)).toEqual({ everything: false, paths: ['/a', '/b'], prefixes: [] });
});

test('more become the deepest folders that are few enough', () => {
  const paths = ['/x/1/a', '/x/1/b', '/x/2/c', '/y/3/d'];
  expect(scopeOf(paths, 3, 3)).toMatchObject({
    prefixes: ['/x/1/', '/x/2/', '/y/3/'],
    widened: 'more than 3 paths',
  });
  expect(scopeOf(paths, 3, 2).prefixes).toEqual(['/x/', '/y/']);
  expect(scopeOf(paths, 3, 1)).toMatchObject({ everything: true, prefixes: [] });
  expect(
    scopeOf(
      paths.map((path) => `/base${path}`),
      3,
      1,
      '/base',
    ).prefixes,
  ).toEqual(['/base/']);
});

test('a file at the root among too many is everything, because its folder is', () => {
  expect(scopeOf(['/x/a', '/x/b', '/c'], 2, 5).everything).toBe(true);
});

test('every path lies in the scope that it has led to', () => {
  const segment = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(segment, { minLength: 1, maxLength: 8 }).map((parts) => `/${parts.join('/')}`);
  fc.assert(
    fc.property(fc.array(path), fc.integer({ min: 1, max: 6 }), fc.nat(6), (paths, atMost, most) => {
      const { everything, paths: exact, prefixes } = scopeOf(paths, atMost, most);
      const isIn = (one: string): boolean =>
        everything || exact.includes(one) || prefixes.some((prefix) => one.startsWith(prefix));
      expect(paths.every(isIn)).toBe(true);
      expect(exact.length).toBeLessThanOrEqual(atMost);
      expect(prefixes.length).toBeLessThanOrEqual(most);
    }),
  );
});

test('requests to CloudFront keep to 3,000 paths and 15 wildcards', () => {
  const paths = [...Array.from({ length: 6001 }, (_, index) => `/${String(index)}`), '/odd*'];
  const prefixes = Array.from({ length: 15 }, (_, index) => `/p${String(index)}/`);
  const requests = requestsOf({ everything: false, paths, prefixes });
  expect(requests.map((list) => list.length)).toEqual([3000, 3000, 1, 15, 1]);
  expect(requests.at(-1)).toEqual(['/odd*']);
  expect(requests[3]?.[0]).toBe('/p0/*');
  expect(requestsOf({ everything: true, paths: [], prefixes: [] })).toEqual([['/*']]);
});
