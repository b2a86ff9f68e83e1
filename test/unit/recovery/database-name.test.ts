import { expect, test } from 'vitest';
import { checkName, nameMistake, restoredName } from '../../../src/recovery/database-name.ts';

const now = new Date('2025-01-02T03:04:05.678Z');

test('the suggested name says what it is and when', () => {
  expect(restoredName('cleaning', now)).toBe('cleaning_restored_20250102T030405');
});

test.each(['x'.repeat(63), 'ä'.repeat(40), '🚲'.repeat(20)])(
  'a long name is cut between characters so that Postgres keeps the time: %s',
  (database) => {
    const name = restoredName(database, now);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(Buffer.byteLength(name)).toBeGreaterThan(59);
    expect(name).toMatch(/_restored_20250102T030405$/);
    expect(database.startsWith(name.replace(/_restored_.*/, ''))).toBe(true);
  },
);

test('a name that Postgres would cut is refused, because the cut one may be the live database', () => {
  expect(nameMistake('x'.repeat(63))).toBeUndefined();
  expect(nameMistake('ä'.repeat(32))).toMatch(/63 bytes.*64/);
  expect(nameMistake(' ')).toMatch(/needs a name/);
  expect(() => checkName('')).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
});
