import { isDeepStrictEqual } from 'node:util';
import type * as library from 'jsonpath-rfc9535';
import { Failure } from '../../base/failure.ts';
import { withinTimeLimit } from '../../base/http/time-limit.ts';

/** What must hold of the values that a JSONPath (RFC 9535) finds. */
export interface JsonAssertion {
  readonly path: string;
  readonly equals?: unknown;
  readonly min?: number;
  readonly max?: number;
  readonly exists?: boolean;
}

export interface JsonVerdict {
  readonly passed: boolean;
  readonly expected: string;
  readonly found: string;
}

export type JsonValue = library.JsonValue;
type JsonPath = Pick<typeof library, 'query'>;

/** Characters of a value that are worth showing. */
const shownCharacters = 200;

/**
 * Prepares the judging of JSON by assertions.
 * @throws Failure `plan-invalid` for a path that is none
 */
export async function prepareJsonAssertions(
  assertions: readonly JsonAssertion[],
): Promise<(value: JsonValue) => readonly JsonVerdict[]> {
  if (assertions.length === 0) return () => [];
  const jsonPath: JsonPath = await import('jsonpath-rfc9535');
  for (const { path } of assertions) checkPath(jsonPath, path);
  return (value) => assertions.map((assertion) => judge(jsonPath, value, assertion));
}

export function describeAssertion({ equals, min, max, exists }: JsonAssertion): string {
  if (equals !== undefined) return show(equals);
  if (exists !== undefined) return exists ? 'something' : 'nothing';
  if (min === undefined) return `at most ${String(max)}`;
  return max === undefined ? `at least ${min}` : `${min} to ${max}`;
}

function checkPath(jsonPath: JsonPath, path: string): void {
  try {
    jsonPath.query(null, path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('plan-invalid', `'${path}' is no JSONPath: ${reason}`, {
      hint: "A path begins at the root: '$.status' or '$.items[0].id' (RFC 9535).",
    });
  }
}

function judge(jsonPath: JsonPath, value: JsonValue, assertion: JsonAssertion): JsonVerdict {
  const expected = describeAssertion(assertion);
  const outcome = withinTimeLimit(() => jsonPath.query(value, assertion.path));
  if (outcome === undefined) return { passed: false, expected, found: 'no end of the search' };
  const found: readonly unknown[] = outcome.result;
  if (assertion.exists !== undefined) {
    const passed = found.length > 0 === assertion.exists;
    return { passed, expected, found: found.length === 0 ? 'nothing' : show(found[0]) };
  }
  const [first, ...others] = found;
  if (found.length === 0) return { passed: false, expected, found: 'nothing' };
  if (others.length > 0) return { passed: false, expected, found: `${found.length} values` };
  return { passed: holds(first, assertion), expected, found: show(first) };
}

function holds(value: unknown, { equals, min, max }: JsonAssertion): boolean {
  if (equals !== undefined) return isDeepStrictEqual(value, equals);
  return typeof value === 'number' && value >= (min ?? -Infinity) && value <= (max ?? Infinity);
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
}
