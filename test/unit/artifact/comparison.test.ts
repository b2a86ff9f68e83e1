import { describe, expect, test } from 'vitest';
import {
  compareWithManifest,
  tablesToCount,
  type Comparison,
  type ComparisonOptions,
} from '../../../src/artifact/comparison.ts';
import type { Fingerprint, TableFingerprint } from '../../../src/postgres/fingerprint.ts';
import type { Table } from '../../../src/postgres/tables.ts';

function table(name: string, more: Partial<Table> = {}): Table {
  return { oid: '1', isExact: true, schema: 'public', name, kind: 'table', ours: true, unlogged: false, populated: true, bytes: 0, readable: true, hidesRows: false, ...more }; // prettier-ignore
}

function count(name: string, rows?: number, hash?: string): TableFingerprint {
  return { schema: 'public', name, ...(rows !== undefined && { rows }), ...(hash !== undefined && { hash }) };
}

function fingerprint(...tables: TableFingerprint[]): Fingerprint {
  return { mode: 'counts', tables, largeObjects: 0 };
}

function compare(
  dumped: Fingerprint,
  tables: readonly Table[],
  restored: Fingerprint,
  options: Partial<ComparisonOptions> = {},
): Comparison {
  return compareWithManifest(
    { ...dumped, tables: [...dumped.tables] },
    { tables, fingerprint: restored },
    { ignore: new Set(), allowMore: new Set(), isPartial: false, ...options },
  );
}

test('a database that is as the manifest says differs in nothing', () => {
  const both = fingerprint(count('a', 3, 'x'), count('b', 0, 'y'));
  expect(compare(both, [table('a'), table('b')], both)).toEqual({
    tables: 2,
    rows: 3,
    differences: [],
    remarks: [],
  });
});

test('an empty database that was empty is equal', () => {
  expect(compare(fingerprint(), [], fingerprint())).toEqual({
    tables: 0,
    rows: 0,
    differences: [],
    remarks: [],
  });
});

test('every kind of difference is named', () => {
  const dumped = fingerprint(count('gone', 2), count('less', 3), count('more', 1), count('other', 2, 'x'));
  const restored = fingerprint(count('less', 1), count('more', 2), count('other', 2, 'y'));
  const { differences } = compare(
    { ...dumped, largeObjects: 200 },
    [table('less'), table('more'), table('other')],
    restored,
  );
  expect(differences).toEqual([
    { table: 'public.gone', expected: '2 rows', found: 'no such table' },
    { table: 'public.less', expected: '3 rows', found: '1 row' },
    { table: 'public.more', expected: '1 row', found: '2 rows' },
    { table: 'public.other', expected: '2 rows as in the dump', found: '2 rows of other content' },
    { table: 'large objects', expected: '200', found: '0' },
  ]);
});

test('an empty table that was lost is a difference all the same', () => {
  expect(compare(fingerprint(count('empty', 0)), [], fingerprint()).differences).toHaveLength(1);
});

test('without counts, tables must exist', () => {
  const dumped = fingerprint(count('a'), count('b'));
  expect(compare(dumped, [table('a')], fingerprint(count('a'))).differences).toEqual([
    { table: 'public.b', expected: 'a table', found: 'no such table' },
  ]);
});

test('tables that the manifest does not speak of are a remark', () => {
  const { differences, remarks } = compare(
    fingerprint(),
    [table('new'), table('seq', { kind: 'sequence' })],
    fingerprint(),
  );
  expect(differences).toEqual([]);
  expect(remarks).toEqual(['the manifest does not speak of public.new']);
});

test('dots in names do not make two tables one', () => {
  const dumped = fingerprint({ schema: 'a.b', name: 'c', rows: 1 });
  const tables = [table('b.c', { schema: 'a' })];
  const { differences } = compare(dumped, tables, fingerprint({ schema: 'a', name: 'b.c', rows: 1 }));
  expect(differences).toEqual([{ table: 'a.b.c', expected: '1 row', found: 'no such table' }]);
});

test('a table of another kind is not the table', () => {
  const { differences } = compare(
    fingerprint(count('t', 5)),
    [table('t', { kind: 'partitioned' })],
    fingerprint(),
  );
  expect(differences).toEqual([{ table: 'public.t', expected: '5 rows', found: 'a partitioned table' }]);
});

describe('a materialized view', () => {
  const view = table('v', { kind: 'materialized-view' });

  test.each([
    [count('v', 4), 'has 4 rows where the dump had 5 rows'],
    [count('v', 5, 'other'), 'has other content where the dump had 5 rows'],
  ])('may have been stale, which is a remark', (restored, remark) => {
    const { differences, remarks } = compare(fingerprint(count('v', 5, 'x')), [view], fingerprint(restored));
    expect(differences).toEqual([]);
    expect(remarks).toEqual([`public.v ${remark}: a restore fills it anew`]);
  });

  test('that was not filled is a difference', () => {
    const { differences } = compare(
      fingerprint(count('v', 5)),
      [{ ...view, populated: false }],
      fingerprint(),
    );
    expect(differences).toMatchObject([{ found: 'a view that is not filled' }]);
  });

  test('that the role may not read is a remark', () => {
    const { differences, remarks } = compare(
      fingerprint(count('v', 5)),
      [{ ...view, readable: false }],
      fingerprint(),
    );
    expect([differences.length, remarks.length]).toEqual([0, 1]);
  });
});

test('an unlogged table on a standby is said not to be compared', () => {
  const { differences, remarks } = compare(
    fingerprint(count('u', 5)),
    [table('u', { unlogged: true })],
    fingerprint(),
  );
  expect(differences).toEqual([]);
  expect(remarks[0]).toContain('public.u cannot be read on a standby');
});

test('ignored tables are not looked at, and not counted', () => {
  const dumped = fingerprint(count('a', 1), count('sessions', 9));
  const tables = [table('a'), table('sessions'), table('extra')];
  const ignore = new Set(['public.sessions', 'public.extra']);
  expect(tablesToCount({ ...dumped, tables: [...dumped.tables] }, tables, ignore)).toEqual([table('a')]);
  expect(compare(dumped, tables, fingerprint(count('a', 1)), { ignore })).toEqual({
    tables: 1,
    rows: 1,
    differences: [],
    remarks: [],
  });
});

test('a table that may have more rows may not have fewer, nor others', () => {
  const allowMore = new Set(['public.log']);
  const outcome = (restored: TableFingerprint): Comparison =>
    compare(fingerprint(count('log', 5, 'x')), [table('log')], fingerprint(restored), { allowMore });
  expect(outcome(count('log', 6, 'y')).differences).toEqual([]);
  expect(outcome(count('log', 6, 'y')).remarks).toHaveLength(1);
  expect(outcome(count('log', 4, 'y')).differences).toHaveLength(1);
  expect(outcome(count('log', 5, 'y')).differences).toHaveLength(1);
});

test('of a part, only the tables that exist are compared', () => {
  const dumped = fingerprint(count('a', 1), count('b', 1));
  const partial = compare(
    { ...dumped, largeObjects: 7 },
    [table('a')],
    fingerprint(count('a', 0)),
    { isPartial: true },
  ); // prettier-ignore
  expect(partial).toEqual({
    tables: 1,
    rows: 0,
    differences: [{ table: 'public.a', expected: '1 row', found: '0 rows' }],
    remarks: ['not restored and not compared: public.b'],
  });
});

test('a table that the server takes for an extension’s is counted when the dump did', () => {
  const tables = [table('spatial', { ours: false })];
  const dumped = fingerprint(count('spatial', 3));
  const [counted] = tablesToCount({ ...dumped, tables: [...dumped.tables] }, tables, new Set());
  expect(counted?.ours).toBe(true);
  expect(compare(dumped, tables, fingerprint(count('spatial', 2))).differences).toHaveLength(1);
});
