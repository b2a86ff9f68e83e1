import { expect, test } from 'vitest';
import { names, tablesNamed } from '../../../src/restore/accepted.ts';

test.for([
  ['public.cities_by_name', 'INDEX public cities_by_name postgres', true],
  ['public.cities', 'INDEX public cities_by_name postgres', false],
  ['cities_by_name', 'INDEX public cities_by_name postgres', false],
  ['public.*', 'INDEX public cities_by_name postgres', true],
  ['public.*', 'INDEX publications cities_by_name postgres', false],
  ['public.cities_*', 'INDEX public cities_by_name postgres', true],
  ['public.cities', 'TABLE DATA public cities postgres', true],
  ['public.cities', 'CONSTRAINT public cities cities_pkey postgres', true],
  ['public.cities.cities_pkey', 'CONSTRAINT public cities cities_pkey postgres', true],
  ['public.f', 'FUNCTION public f(text, integer) postgres', true],
  ['public.f(text, integer)', 'FUNCTION public f(text, integer) postgres', true],
  ['Odd one.a+b', 'MATERIALIZED VIEW DATA Odd one a+b postgres', true],
  ['Odd one.a+b', 'MATERIALIZED VIEW DATA Odd one aab postgres', false],
  ['public.a', 'TABLE public a b postgres', false],
  ['public.a b', 'TABLE public a b postgres', true],
  ['public.a', 'TABLE DATA public a b postgres', false],
  ['public.of\nlines', 'VIEW public of\nlines postgres', true],
  ['public.a', 'TRIGGER public a keep a copy postgres', true],
  ['public.shop', 'PUBLICATION TABLE public shop orders postgres', true],
  ['watch', 'EVENT TRIGGER - watch postgres', true],
] as const)('%s names %s: %s', ([accepted, object, expected]) => {
  expect(names(accepted, object)).toBe(expected);
});

test('tables whose names begin alike are told apart', () => {
  const table = (name: string, schema = 'public') => ({ schema, name });
  const [a, ab, abc] = [table('a'), table('a b'), table('a b c')];
  const named = (entries: readonly string[], there: readonly { schema: string; name: string }[]) =>
    tablesNamed(entries, [a, ab, abc], there);
  expect(named(['TABLE public a b postgres'], [a, abc])).toEqual([ab]);
  expect(named(['TABLE DATA public a postgres'], [a, ab, abc])).toEqual([a]);
  expect(named(['MATERIALIZED VIEW public a b c postgres', 'TABLE public a postgres'], [ab])).toEqual([
    a,
    abc,
  ]);
  // Not of the manifest: a view's rows are nobody's to compare.
  expect(named(['MATERIALIZED VIEW DATA public a b c d postgres'], [a, ab, abc, table('a b c d')])).toEqual(
    [],
  );
  expect(named(['MATERIALIZED VIEW public a gone postgres'], [a, ab, abc])).toEqual([]);
  expect(named(['INDEX public a postgres'], [])).toEqual([]);
});
