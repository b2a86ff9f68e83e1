import { expect, test } from 'vitest';
import { datedName, reverseSwap, swapScript } from '../../../src/postgres/swap-plan.ts';

const at = new Date('2025-01-01T02:03:04.567Z');

test('the script closes, ends sessions, and renames and opens in one transaction', () => {
  expect(swapScript({ live: 'cleaning', next: 'scratch', keepAs: 'old' })).toEqual([
    'alter database "cleaning" with allow_connections false;',
    `select pg_terminate_backend(pid) from pg_stat_activity where datname in ('cleaning', 'scratch') and pid <> pg_backend_pid();`,
    'begin;',
    'alter database "cleaning" rename to "old";',
    'alter database "scratch" rename to "cleaning";',
    'alter database "old" with allow_connections true;',
    'alter database "cleaning" with allow_connections true;',
    'commit;',
  ]);
});

test('names of any characters are quoted, and a comment is carried', () => {
  const script = swapScript({ live: `it's "x"`, next: 'n', keepAs: 'k', comment: { text: `it's` } });
  expect(script[0]).toBe(`alter database "it's ""x""" with allow_connections false;`);
  expect(script[1]).toContain(`in ('it''s "x"', 'n')`);
  expect(script.at(-2)).toBe(`comment on database "it's ""x""" is 'it''s';`);
});

test('the way back takes the kept one and keeps the failed one', () => {
  expect(reverseSwap({ live: 'cleaning', next: 'scratch', keepAs: 'old' }, at)).toEqual({
    live: 'cleaning',
    next: 'old',
    keepAs: 'cleaning_failed_20250101T020304',
  });
});

test('a dated name keeps within 63 bytes and cuts no character in two', () => {
  expect(datedName('cleaning', 'before', at)).toBe('cleaning_before_20250101T020304');
  const long = datedName('ü'.repeat(31), 'before', at);
  expect(long).toBe(`${'ü'.repeat(20)}_before_20250101T020304`);
  expect(Buffer.byteLength(datedName('x'.repeat(63), 'before', at))).toBe(63);
});
