import { expect, test } from 'vitest';
import { composeRun, type RunKnowledge } from '../../../../src/tell/alert/compose-run.ts';
import { composeUnit } from '../../../../src/tell/alert/compose-unit.ts';
import { createFold } from '../../../../src/run/record/fold.ts';
import type { RunRecord } from '../../../../src/language/generated/run-record.types.ts';

const nothing: RunKnowledge = {
  streak: undefined,
  ended: undefined,
  lastGood: undefined,
  verdict: undefined,
  unproven: undefined,
  invocation: undefined,
};
const verdict = 'Passed: pg_cleaning_20261121T020000Z was restored in 12m, within the RTO of 4h.';
const streak = { since: '2026-11-22T02:00:03.120Z', run: 'x', count: 3 };

/** A record of one step, folded from events as a run tells them; `end`: how it finished. */
function recordOf(end?: { readonly code: string; readonly message: string }): RunRecord {
  const fold = createFold();
  const at = '2026-11-24T02:00:00.000Z';
  fold.add({
    type: 'run-started',
    at,
    runId: 'drill-20261124T020000Z-3fa9',
    plan: 'drill',
    planHash: 'f',
    environment: 'staging',
    host: 'db1',
    pid: 1,
    versions: {},
    parameters: {},
    steps: [{ id: 'restore', name: 'restore', phase: 'steps', action: 'postgres-restore' }],
  });
  fold.add({ type: 'step-started', at, step: 'restore', attempt: 1 });
  const finished = { type: 'run-finished', at, durationMs: 1, stepsDurationMs: 1 } as const;
  if (end === undefined) fold.add({ ...finished, outcome: 'succeeded', exitCode: 0 });
  else if (end.code !== 'killed') {
    const error = { code: 'command-failed', message: end.message } as const;
    fold.add({
      type: 'step-finished',
      at,
      step: 'restore',
      outcome: 'failed',
      durationMs: 1,
      attempts: 1,
      error,
    });
    fold.add({ ...finished, outcome: 'failed', exitCode: 20, error });
  }
  const record = fold.record();
  if (record === undefined) throw new Error('no record');
  return record;
}

test('a drill that passed has its verdict; one that ends failures says both at once', () => {
  expect(composeRun(recordOf(), { ...nothing, verdict })).toMatchObject({
    events: ['drill-result'],
    title: 'drill passed: drill on db1',
    lines: [verdict],
    severity: 'info',
  });
  expect(composeRun(recordOf(), { ...nothing, verdict, ended: streak })).toMatchObject({
    events: ['recovered', 'drill-result'],
    title: 'recovered: drill on db1, after 3 failures since 2026-11-22 02:00 UTC',
    lines: [verdict],
  });
});

test('a failed drill is a failure and a result; a killed run names the step that it was in', () => {
  const failed = composeRun(recordOf({ code: 'command-failed', message: 'it broke' }), {
    ...nothing,
    verdict,
    streak,
  });
  expect(failed).toMatchObject({
    events: ['failed', 'drill-result'],
    title: 'STILL FAILING: drill on db1, step restore (3 times since 2026-11-22 02:00 UTC)',
    step: 'restore',
    lines: ['it broke'],
  });
  expect(composeRun(recordOf({ code: 'killed', message: '' }), nothing)).toMatchObject({
    title: 'KILLED: drill on db1, step restore',
    lines: ['the run was killed: it ended without a word'],
  });
});

test('a long error is cut to what a person reads, and says so', () => {
  const message = Array.from({ length: 40 }, (_, index) => `line ${String(index)} ${'x'.repeat(1000)}`).join(
    '\n',
  );
  const { lines } = composeRun(recordOf({ code: 'command-failed', message }), nothing) ?? { lines: [] };
  expect(lines).toHaveLength(9);
  expect(lines.at(-1)).toBe('… and 32 more lines');
  expect(Math.max(...lines.map((line) => line.length))).toBe(300);
});

test.each([
  [{ result: 'exit-code', status: '203' }, 'systemd could not start the program (exit 203)'],
  [{ result: 'exit-code', status: '11' }, 'an environment, a secret or a tool is missing (exit 11)'],
  [{ result: 'exit-code', status: '77' }, 'exit 77'],
  [{ result: 'signal', status: 'KILL' }, 'it was killed (KILL)'],
  [{ result: 'timeout', status: 'TERM' }, 'it was stopped at its deadline (timeout)'],
  [{ result: 'new-word', status: '0' }, 'new-word (new-word)'],
  [{ result: undefined, status: undefined }, 'it failed'],
] as const)('of a unit that ended as %o: %s', (unit, words) => {
  const known = {
    environment: 'prod',
    host: 'db1',
    now: new Date('2026-11-24T02:00:00Z'),
    streak: { ...streak, count: 1 },
    problems: [],
    lastGood: undefined,
  };
  const message = composeUnit(
    { plan: 'nightly', invocation: undefined, startedAt: undefined, lines: ['a', 'b'], ...unit },
    known,
  );
  expect(message.title).toBe(`FAILED: nightly on db1, its unit: ${words}`);
  expect(message.lines).toEqual(['a', 'b']);
});
