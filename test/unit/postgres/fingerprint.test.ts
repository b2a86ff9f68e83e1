import { expect, test } from 'vitest';
import { batchesOf, isCounted } from '../../../src/postgres/fingerprint.ts';
import type { Table } from '../../../src/postgres/tables.ts';
import { fc } from '../../fixtures/property.ts';

const table: Table = {
  oid: '1',
  isExact: true,
  schema: 'public',
  name: 'orders',
  kind: 'table',
  ours: true,
  unlogged: false,
  populated: true,
  bytes: 0,
  readable: true,
  hidesRows: false,
};

test('every table is in exactly one batch, in order, and only single tables exceed the limit', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { maxLength: 300 });
  fc.assert(
    fc.property(sizes, (bytes) => {
      const tables = bytes.map((size, index) => ({ ...table, name: String(index), bytes: size }));
      const batches = batchesOf(tables);
      expect(batches.flat()).toEqual(tables);
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(100);
        const sum = batch.reduce((total, each) => total + each.bytes, 0);
        expect(batch.length === 1 || sum <= 64 * 1024 * 1024).toBe(true);
      }
    }),
  );
});

test('thousands of empty tables take few statements', () => {
  expect(batchesOf(Array.from({ length: 5_000 }, () => table))).toHaveLength(50);
});

test.for<[string, Partial<Table>, boolean, boolean]>([
  ['a table', {}, false, true],
  ['a partitioned table, whose partitions speak for it', { kind: 'partitioned' }, false, false],
  ['a sequence', { kind: 'sequence' }, false, false],
  ['a table of an extension', { ours: false }, false, false],
  ['an unlogged table', { unlogged: true }, false, true],
  ['an unlogged table on a standby', { unlogged: true }, true, false],
  ['a materialized view', { kind: 'materialized-view' }, false, true],
  ['one that was never filled', { kind: 'materialized-view', populated: false }, false, false],
  ['one that the role may not read', { kind: 'materialized-view', readable: false }, false, false],
])('%s: counted or not', ([, change, standby, counted]) => {
  expect(isCounted({ ...table, ...change }, standby)).toBe(counted);
});
