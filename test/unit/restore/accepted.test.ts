import { expect, test } from 'vitest';
import { names } from '../../../src/restore/try-again.ts';

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
  ['watch', 'EVENT TRIGGER - watch postgres', true],
] as const)('%s names %s: %s', ([accepted, object, expected]) => {
  expect(names(accepted, object)).toBe(expected);
});
