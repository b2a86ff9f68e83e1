import { describe, expect, test } from 'vitest';
import { prepareAnswerCheck, type AnswerExpectations } from '../../../../src/check/http/answer-check.ts';
import type { HttpAnswer } from '../../../../src/base/http/request.ts';
import type { CheckFact } from '../../../../src/language/facts.ts';

const nothing: AnswerExpectations = { bodyContains: [], headers: {}, json: [] };

async function judge(
  answer: Partial<HttpAnswer>,
  expectations: Partial<AnswerExpectations>,
  durationMs = 5,
): Promise<readonly CheckFact[]> {
  const check = await prepareAnswerCheck({ ...nothing, ...expectations });
  const whole = { status: 200, statusText: 'OK', headers: new Headers(), body: '', isCut: false, ...answer };
  return check({ answer: whole }, durationMs);
}

async function states(
  answer: Partial<HttpAnswer>,
  expectations: Partial<AnswerExpectations>,
): Promise<readonly string[]> {
  return (await judge(answer, expectations)).slice(1).map(({ state }) => state);
}

describe('the status', () => {
  test.each([
    [200, undefined, 'passed'],
    [299, undefined, 'passed'],
    [199, undefined, 'failed'],
    [301, undefined, 'failed'],
    [204, [200], 'failed'],
    [204, [200, 204], 'passed'],
    [503, [503], 'passed'],
  ])('%i, wanted %j: %s', async (status, statuses, state) => {
    const [fact] = await judge({ status }, statuses === undefined ? {} : { statuses });
    expect(fact).toMatchObject({ name: 'status', state });
  });

  test('is named with its words', async () => {
    const [fact] = await judge({ status: 503, statusText: 'Service Unavailable' }, { statuses: [200, 204] });
    expect(fact).toMatchObject({ expected: '200 or 204', found: '503 Service Unavailable' });
  });
});

test('the body contains every text, each a check of its own', async () => {
  const facts = await judge({ body: 'Hello,\n  world' }, { bodyContains: ['Hello', 'moon'] });
  expect(facts.slice(1)).toEqual([
    { name: "body contains 'Hello'", state: 'passed', expected: "'Hello' in it", found: "'Hello, world'" },
    { name: "body contains 'moon'", state: 'failed', expected: "'moon' in it", found: "'Hello, world'" },
  ]);
});

test('the body matches a regular expression, which sees lines', async () => {
  expect(await states({ body: 'a\nok 12\n' }, { bodyMatches: '^ok \\d+$' })).toEqual(['passed']);
  expect(await states({ body: 'not ok 12' }, { bodyMatches: '^ok \\d+$' })).toEqual(['failed']);
});

test('an expression that is none is a mistake in the plan', async () => {
  await expect(judge({}, { bodyMatches: '(' })).rejects.toMatchObject({ code: 'plan-invalid' });
});

test('headers are there, and contain their text', async () => {
  const headers = new Headers({ 'Content-Type': 'application/json; charset=utf-8', 'X-Empty': '' });
  expect(
    await states(
      { headers },
      { headers: { 'content-type': 'application/json', 'x-empty': '', 'x-none': '', 'X-Empty': 'y' } },
    ),
  ).toEqual(['passed', 'passed', 'failed', 'failed']);
});

describe('JSON', () => {
  const body = JSON.stringify({
    database: 'up',
    queue: { length: 7, names: ['a', 'b'] },
    nothing: null,
    text: '9',
  });

  test.each([
    [{ path: '$.database', equals: 'up' }, 'passed', '"up"'],
    [{ path: '$.database', equals: 'down' }, 'failed', '"up"'],
    [{ path: '$.queue.length', equals: 7 }, 'passed', '7'],
    [{ path: '$.queue.length', equals: '7' }, 'failed', '7'],
    [{ path: '$.queue.names', equals: ['a', 'b'] }, 'passed', '["a","b"]'],
    [{ path: '$.queue', equals: { names: ['a', 'b'], length: 7 } }, 'passed', expect.any(String)],
    [{ path: '$.nothing', equals: null }, 'passed', 'null'],
    [{ path: '$.missing', equals: null }, 'failed', 'nothing'],
    [{ path: '$.queue.length', min: 7 }, 'passed', '7'],
    [{ path: '$.queue.length', min: 8 }, 'failed', '7'],
    [{ path: '$.queue.length', min: 1, max: 6 }, 'failed', '7'],
    [{ path: '$.text', min: 1 }, 'failed', '"9"'],
    [{ path: '$.queue.names[*]', equals: 'a' }, 'failed', '2 values'],
    [{ path: '$.queue.names[?@ == "b"]', exists: true }, 'passed', '"b"'],
    [{ path: '$.queue.names[?@ == "c"]', exists: true }, 'failed', 'nothing'],
    [{ path: '$.error', exists: false }, 'passed', 'nothing'],
    [{ path: '$.nothing', exists: true }, 'passed', 'null'],
  ])('%j: %s', async (assertion, state, found) => {
    const [, fact] = await judge({ body }, { json: [assertion] });
    expect(fact).toMatchObject({ name: `json ${assertion.path}`, state, found });
  });

  test('that is none fails every assertion on it', async () => {
    const json = [
      { path: '$.a', exists: false },
      { path: '$.b', equals: 1 },
    ];
    const facts = await judge({ body: '<html>' }, { json });
    expect(facts.slice(1)).toMatchObject([
      { state: 'failed', expected: 'JSON', found: "'<html>'" },
      { state: 'failed', expected: 'JSON', found: "'<html>'" },
    ]);
  });

  test.each(['status', '$.[', '$['])('%s is no path', async (path) => {
    await expect(judge({}, { json: [{ path, exists: true }] })).rejects.toMatchObject({
      code: 'plan-invalid',
    });
  });
});

test('the latency has a limit', async () => {
  expect((await judge({}, { maxLatencyMs: 800 }, 801)).at(-1)).toEqual({
    name: 'latency',
    state: 'failed',
    expected: 'at most 800 ms',
    found: '801 ms',
  });
  expect((await judge({}, { maxLatencyMs: 800 }, 800)).at(-1)?.state).toBe('passed');
});

test('no answer is one failed check with the reason', async () => {
  const check = await prepareAnswerCheck({ ...nothing, bodyContains: ['x'] });
  expect(check({ problem: 'nobody listens there (ECONNREFUSED)' }, 3)).toEqual([
    {
      name: 'answer',
      state: 'failed',
      expected: 'an answer',
      found: 'none',
      message: 'nobody listens there (ECONNREFUSED)',
      durationMs: 3,
    },
  ]);
});
