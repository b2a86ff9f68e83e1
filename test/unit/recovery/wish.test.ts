import { describe, expect, test } from 'vitest';
import type { RestoreWish } from '../../../src/recovery/wish-options.ts';
import { inFlags, parametersOf, requestOfWish } from '../../../src/recovery/wish.ts';
import { Failure } from '../../../src/base/failure.ts';

const settled = {
  from: 'prod',
  artifact: 'pg_a_20250101T020000Z',
  database: 'a_restored',
};

function request(wish: Partial<RestoreWish>): unknown {
  return requestOfWish({ compare: true, ...settled, ...wish }, {});
}

test('what is not said is left to the task', () => {
  expect(parametersOf({ compare: true, ...settled })).toEqual({
    from: 'prod',
    artifact: 'pg_a_20250101T020000Z',
    database: 'a_restored',
  });
});

test('every flag reaches the task under its own name', () => {
  const wish: RestoreWish = {
    ...settled,
    sameServer: true,
    compare: false,
    jobs: 4,
    onlySchema: ['billing'],
    onlyTable: ['invoices', 'bookings'],
    schemaOnly: true,
    roles: true,
    singleTransaction: true,
    replace: true,
    accept: ['public.f', 'audit.*'],
    allowCreateInDump: true,
    resume: true,
  };
  expect(parametersOf(wish)).toEqual({
    from: 'prod',
    artifact: 'pg_a_20250101T020000Z',
    database: 'a_restored',
    jobs: 4,
    only: { schemas: ['billing'], tables: ['invoices', 'bookings'] },
    replace: true,
    'same-server': true,
    accept: ['public.f', 'audit.*'],
    'allow-create-in-dump': true,
    'single-transaction': true,
    'schema-only': true,
    roles: true,
    resume: true,
  });
});

describe('flags that contradict each other are a usage error in the words of the command line', () => {
  test.each([
    [{ schemaOnly: true, dataOnly: true }, /--schema-only and --data-only exclude each other/],
    [{ dataOnly: true, replace: true }, /--data-only replaces no definitions/],
    [{ singleTransaction: true, jobs: 4 }, /--single-transaction is done by one process/],
  ] as const)('%j', (flags, message) => {
    expect(() => request(flags)).toThrow(message);
    expect(() => request(flags)).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
  });
});

test("a refusal's hint names flags and not YAML", () => {
  const hint = "Restore into a new database, or say 'replace: true' to drop and replace what the dump holds.";
  expect(inFlags(new Failure('target-refused', 'x', { hint })).hint).toBe(
    'Restore into a new database, or say --replace to drop and replace what the dump holds.',
  );
});
