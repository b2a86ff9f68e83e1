import { defined } from '../base/defined.ts';
import { compareDecimals, parseDecimal, type Decimal } from '../base/quantity/decimal.ts';
import type { StatementResult } from './connect.ts';

/** What a check wants of its one value; undefined: true. Limits are inclusive. */
export type Expectation = string | number | boolean | null | NumberRange | undefined;

export interface NumberRange {
  readonly min?: string | number;
  readonly max?: string | number;
}

/** How a value holds against what was wanted, in words. */
export interface Verdict {
  readonly passed: boolean;
  readonly expected: string;
  readonly found: string;
  /** Why it failed, where that is not plain from the two. */
  readonly message?: string;
}

/** The oid of Postgres's `boolean`. */
const booleanType = 16;
/** Characters of a value that are worth showing. */
const shownCharacters = 200;

/** Holds a statement's result, of which at most two rows need be there, against what is wanted of it. Pure. */
export function judgeResult({ columns, rows }: StatementResult, expectation: Expectation): Verdict {
  const expected = describeExpectation(expectation);
  const [column, ...otherColumns] = columns;
  const [row, ...otherRows] = rows;
  const unfit = (found: string, message: string): Verdict => ({ passed: false, expected, found, message });
  if (column === undefined) return unfit('no column', 'a check is a SELECT of one value');
  if (otherColumns.length > 0) {
    const names = columns.map(({ name }) => name).join(', ');
    return unfit(`${columns.length} columns`, `select one value, not ${shorten(names)}`);
  }
  if (row === undefined) return unfit('no row', 'select exactly one row, with count(*) or exists (…)');
  if (otherRows.length > 0)
    return unfit('several rows', 'select exactly one row, with count(*), bool_and(…) or exists (…)');
  const value = row[0] ?? null;
  const isBoolean = column.type === booleanType;
  const found = value === null ? 'null' : isBoolean ? wordOf(value) : shorten(value);
  if (holds(value, isBoolean, expectation)) return { passed: true, expected, found };
  const message = objection(value, isBoolean, expectation);
  return { passed: false, expected, found, ...defined({ message }) };
}

/** `true`, `42`, `'paid'`, `at least 10`, `10 to 20`. */
export function describeExpectation(expectation: Expectation): string {
  if (expectation === undefined) return 'true';
  if (typeof expectation === 'string') return parseDecimal(expectation) ? expectation : `'${expectation}'`;
  if (typeof expectation !== 'object' || expectation === null) return String(expectation);
  const { min, max } = expectation;
  if (min === undefined) return `at most ${String(max)}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}

function holds(value: string | null, isBoolean: boolean, expectation: Expectation): boolean {
  if (expectation === null) return value === null;
  if (value === null) return false;
  if (expectation === undefined) return isBoolean && wordOf(value) === 'true';
  if (typeof expectation === 'object') return isWithin(parseDecimal(value), expectation);
  if (isBoolean) return wordOf(value) === String(expectation);
  const [found, wanted] = [parseDecimal(value), parseDecimal(String(expectation))];
  if (found !== undefined && wanted !== undefined) return compareDecimals(found, wanted) === 0;
  return value === String(expectation);
}

function isWithin(found: Decimal | undefined, { min, max }: NumberRange): boolean {
  if (found === undefined) return false;
  const least = min === undefined ? undefined : parseDecimal(String(min));
  const most = max === undefined ? undefined : parseDecimal(String(max));
  return (
    (least === undefined || compareDecimals(found, least) >= 0) &&
    (most === undefined || compareDecimals(found, most) <= 0)
  );
}

function objection(value: string | null, isBoolean: boolean, expectation: Expectation): string | undefined {
  if (value === null) return undefined;
  if (expectation === undefined && !isBoolean)
    return "it is neither true nor false: compare in the SQL, or say what is wanted with 'expect'";
  const isRange = typeof expectation === 'object' && expectation !== null;
  return isRange && parseDecimal(value) === undefined ? 'it is no number' : undefined;
}

/** Postgres writes `t` and `f`. */
function wordOf(value: string): string {
  return value === 't' ? 'true' : 'false';
}

function shorten(text: string): string {
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
}
