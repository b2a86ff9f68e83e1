import { expect, test } from 'vitest';
import { namePattern, tablePattern } from '../../../src/postgres/dump-selection.ts';

test.for([
  ['audit.*', '"audit".*', 'audit.Log 1'],
  ['Sales.Old_?', '"Sales"."Old_"?', 'Sales.Old_1'],
  ['public."a.b*"', '"public"."a.b*"', 'public.a.b*'],
  ['"x""y".t', '"x""y"."t"', 'x"y.t'],
  ['größe.$1+', '"größe"."$1+"', 'größe.$1+'],
  ['*.t|u', '*."t|u"', 'any.t|u'],
] as const)('%s is %s for pg_dump, and %s bears it', ([words, quoted, name]) => {
  const pattern = tablePattern(words);
  expect(pattern.quoted).toBe(quoted);
  const at = name.indexOf('.');
  expect(pattern.matches({ schema: name.slice(0, at), name: name.slice(at + 1) })).toBe(true);
});

test('capitals are what they are, and nothing but * and ? stands for others', () => {
  expect(tablePattern('Audit.*').matches({ schema: 'audit', name: 't' })).toBe(false);
  expect(tablePattern('a.b').matches({ schema: 'axb', name: '' })).toBe(false);
  expect(tablePattern('a.b+').matches({ schema: 'a', name: 'bb' })).toBe(false);
  expect(tablePattern('a."b*"').matches({ schema: 'a', name: 'bc' })).toBe(false);
  expect(namePattern('b?').matches.test('b')).toBe(false);
});

test('a name with a dot needs quotes', () => {
  expect(() => tablePattern('public.a.b')).toThrow("'public.a.b' is not schema.name");
  expect(() => tablePattern('orders')).toThrow("'orders' is not schema.name");
});
