import { Failure } from '../../base/failure.ts';
import type { CheckFact } from '../../language/facts.ts';
import {
  prepareJsonAssertions,
  type JsonAssertion,
  type JsonValue,
  type JsonVerdict,
} from './json-assertion.ts';
import type { HttpAnswer, HttpOutcome } from '../../base/http/request.ts';
import { withinTimeLimit } from '../../base/http/time-limit.ts';

/** All that must hold of an answer. */
export interface AnswerExpectations {
  /** Undefined: 200 to 299. */
  readonly statuses?: readonly number[];
  readonly bodyContains: readonly string[];
  readonly bodyMatches?: string;
  /** By name: what the header's value must contain. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly json: readonly JsonAssertion[];
  readonly maxLatencyMs?: number;
}

/** Judges what came of a request that took `durationMs`: one fact for each assertion. */
export type AnswerCheck = (outcome: HttpOutcome, durationMs: number) => readonly CheckFact[];

/** Characters of a body that are shown. */
const shownCharacters = 200;

/** Prepares the judging of answers. @throws Failure `plan-invalid` for a regular expression or a path that is none */
export async function prepareAnswerCheck(expectations: AnswerExpectations): Promise<AnswerCheck> {
  const pattern = compile(expectations.bodyMatches);
  const judgeJson = await prepareJsonAssertions(expectations.json);
  return ({ answer, problem }, durationMs) => {
    if (answer === undefined) {
      return [
        {
          name: 'answer',
          state: 'failed',
          expected: 'an answer',
          found: 'none',
          message: problem,
          durationMs,
        },
      ];
    }
    return [
      statusFact(answer, expectations.statuses, durationMs),
      ...expectations.bodyContains.map((text) => containsFact(answer, text)),
      ...(pattern === undefined ? [] : [matchFact(answer, pattern)]),
      ...Object.entries(expectations.headers).map(([name, text = '']) => headerFact(answer, name, text)),
      ...jsonFacts(answer, expectations.json, judgeJson),
      ...latencyFact(expectations.maxLatencyMs, durationMs),
    ];
  };
}

function compile(source: string | undefined): RegExp | undefined {
  if (source === undefined) return undefined;
  try {
    return new RegExp(source, 'mu');
  } catch (error) {
    throw new Failure('plan-invalid', `'body-matches' is no regular expression: ${String(error)}`);
  }
}

function fact(passed: boolean, name: string, expected: string, found: string): CheckFact {
  return { name, state: passed ? 'passed' : 'failed', expected, found };
}

function statusFact(
  { status, statusText, notFollowed }: HttpAnswer,
  statuses: readonly number[] | undefined,
  durationMs: number,
): CheckFact {
  const passed = statuses === undefined ? status >= 200 && status <= 299 : statuses.includes(status);
  const expected = statuses === undefined ? '200 to 299' : statuses.join(' or ');
  const found = `${status} ${statusText}`.trimEnd();
  const redirect = notFollowed === undefined || passed ? '' : `, a redirect ${notFollowed}`;
  return { ...fact(passed, 'status', expected, found + redirect), durationMs };
}

function containsFact(answer: HttpAnswer, text: string): CheckFact {
  return fact(answer.body.includes(text), `body contains '${text}'`, `'${text}' in it`, beginningOf(answer));
}

function matchFact(answer: HttpAnswer, pattern: RegExp): CheckFact {
  const name = `body matches ${pattern.source}`;
  const outcome = withinTimeLimit(() => pattern.test(answer.body));
  if (outcome === undefined) return fact(false, name, 'a match', 'no end of the search after 5 s');
  return fact(outcome.result, name, 'a match', outcome.result ? 'a match' : beginningOf(answer));
}

function headerFact({ headers }: HttpAnswer, name: string, text: string): CheckFact {
  const value = headers.get(name);
  const expected = text === '' ? 'any value' : `'${text}' in it`;
  const found = value === null ? 'no such header' : `'${value.slice(0, shownCharacters)}'`;
  return fact(value?.includes(text) === true, `header ${name}`, expected, found);
}

function jsonFacts(
  answer: HttpAnswer,
  assertions: readonly JsonAssertion[],
  judgeJson: (value: JsonValue) => readonly JsonVerdict[],
): readonly CheckFact[] {
  if (assertions.length === 0) return [];
  let value: JsonValue;
  try {
    value = JSON.parse(answer.body) as JsonValue;
  } catch {
    const found = answer.isCut ? 'a body of more than 1 MiB' : beginningOf(answer);
    return assertions.map(({ path }) => fact(false, `json ${path}`, 'JSON', found));
  }
  return judgeJson(value).map(({ passed, expected, found }, index) =>
    fact(passed, `json ${assertions[index]?.path ?? ''}`, expected, found),
  );
}

function latencyFact(maxLatencyMs: number | undefined, durationMs: number): readonly CheckFact[] {
  if (maxLatencyMs === undefined) return [];
  const found = `${Math.ceil(durationMs)} ms`;
  return [fact(durationMs <= maxLatencyMs, 'latency', `at most ${maxLatencyMs} ms`, found)];
}

function beginningOf({ body, isCut }: HttpAnswer): string {
  if (body === '') return 'an empty body';
  const line = body.replaceAll(/\s+/g, ' ').trim();
  const rest = isCut ? ' (the first MiB was looked at)' : '';
  return `'${line.slice(0, shownCharacters)}${line.length > shownCharacters ? '…' : ''}'${rest}`;
}
