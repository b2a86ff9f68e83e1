import { expect, test } from 'vitest';
import { compareDecimals, parseDecimal } from '../../../../src/base/quantity/decimal.ts';

function compare(left: string, right: string): number {
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  if (a === undefined || b === undefined) throw new Error(`${left} or ${right} is no number`);
  return compareDecimals(a, b);
}

test.each([
  ['9007199254740993', '9007199254740992', 1],
  ['-9007199254740993', '-9007199254740992', -1],
  ['1.50', '1.5', 0],
  ['-0', '0', 0],
  ['1e3', '1000', 0],
  ['1.5e-3', '0.0015', 0],
  ['.5', '0.50', 0],
  ['0.1', '0.10000000000000000001', -1],
  ['1e+308', '1e307', 1],
])('%s against %s is %i', (left, right, order) => {
  expect(compare(left, right)).toBe(order);
});

test.each(['', '.', '-', 'NaN', 'Infinity', '1,5', '0x10', '1e', '1e99999', '1e9999', 't', '1 2'])(
  '%j is no number',
  (text) => {
    expect(parseDecimal(text)).toBeUndefined();
  },
);
