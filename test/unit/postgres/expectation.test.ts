import { describe, expect, test } from 'vitest';
import type { StatementResult } from '../../../src/postgres/connect.ts';
import { describeExpectation, judgeResult, type Expectation } from '../../../src/postgres/expectation.ts';

const types = { bool: 16, int8: 20, text: 25, float8: 701, numeric: 1700 } as const;

function one(value: string | null, type: keyof typeof types): StatementResult {
  return { columns: [{ name: 'x', type: types[type] }], rows: [[value]] };
}

describe('a value', () => {
  test.each<[string | null, keyof typeof types, Expectation, boolean]>([
    ['t', 'bool', undefined, true],
    ['f', 'bool', undefined, false],
    [null, 'bool', undefined, false],
    ['t', 'text', undefined, false],
    ['1', 'int8', undefined, false],
    ['f', 'bool', false, true],
    ['t', 'bool', 'true', true],
    ['t', 'text', true, false],
    [null, 'text', null, true],
    ['', 'text', null, false],
    ['null', 'text', null, false],
    [null, 'text', 'null', false],
    ['42', 'int8', 42, true],
    ['42', 'int8', '42', true],
    ['42', 'int8', 43, false],
    ['42.00', 'numeric', 42, true],
    ['0.1', 'float8', 0.1, true],
    ['9007199254740993', 'int8', '9007199254740993', true],
    ['9007199254740993', 'int8', '9007199254740992', false],
    ['9007199254740993', 'int8', { min: '9007199254740993' }, true],
    ['9007199254740993', 'int8', { max: '9007199254740992' }, false],
    ['paid', 'text', 'paid', true],
    ['Paid', 'text', 'paid', false],
    ['5', 'int8', { min: 5, max: 5 }, true],
    ['4', 'int8', { min: 5 }, false],
    ['6', 'int8', { max: 5 }, false],
    ['NaN', 'float8', { min: 0 }, false],
    ['NaN', 'float8', { max: 0 }, false],
    [null, 'int8', { min: 0 }, false],
  ])('%j (%s), wanted %j: %s', (value, type, expectation, passed) => {
    expect(judgeResult(one(value, type), expectation).passed).toBe(passed);
  });

  test('that is neither true nor false asks for an expectation', () => {
    expect(judgeResult(one('3', 'int8'), undefined)).toEqual({
      passed: false,
      expected: 'true',
      found: '3',
      message: "it is neither true nor false: compare in the SQL, or say what is wanted with 'expect'",
    });
  });

  test('that is long is shown by its beginning', () => {
    expect(judgeResult(one('x'.repeat(5000), 'text'), 'y').found.length).toBeLessThan(250);
  });

  test('that is no number is told so by a range', () => {
    expect(judgeResult(one('many', 'text'), { min: 1 }).message).toBe('it is no number');
  });
});

describe('a result of another shape', () => {
  const column = { name: 'n', type: types.int8 };

  test.each<[string, StatementResult, string]>([
    ['no row', { columns: [column], rows: [] }, 'no row'],
    ['several rows', { columns: [column], rows: [['1'], ['2']] }, 'several rows'],
    ['several columns', { columns: [column, column], rows: [['1', '1']] }, '2 columns'],
    ['no column', { columns: [], rows: [[]] }, 'no column'],
  ])('%s is never what was wanted', (_, result, found) => {
    for (const expectation of [undefined, null, 1, { min: 0 }]) {
      const verdict = judgeResult(result, expectation);
      expect(verdict).toMatchObject({ passed: false, found });
      expect(verdict.message).toMatch(/select/i);
    }
  });
});

test('expectations in words', () => {
  expect(
    [undefined, null, false, 0, '12', 'paid', { min: 1 }, { max: '2.5' }, { min: 1, max: 2 }].map(
      describeExpectation,
    ),
  ).toEqual(['true', 'null', 'false', '0', '12', "'paid'", 'at least 1', 'at most 2.5', '1 to 2']);
});
