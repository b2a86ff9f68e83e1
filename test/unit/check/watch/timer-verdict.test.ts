import { expect, test } from 'vitest';
import type { DeclaredTimer } from '../../../../src/task/declared.ts';
import { judgeOthers, judgeTimer } from '../../../../src/check/watch/timer-verdict.ts';

const at = new Date('2026-11-24T02:00:00Z');
const good: DeclaredTimer = {
  plan: 'nightly-prod',
  drift: [],
  state: { load: 'loaded', active: 'active', enabled: 'enabled' },
  lastRun: { at, result: 'success' },
};
const change = {
  path: 'run-plan@nightly-prod.timer',
  reason: 'it differs',
  action: 'change',
} as const;
const asleep = { ...change, reason: 'the timer does not run', action: 'start' } as const;

function judged(changes: Partial<DeclaredTimer>, own = 'watch', mayDiffer = false) {
  return judgeTimer({ ...good, ...changes }, { own, mayDiffer });
}

test('a timer as its plan says, whose last run went well, passes', () => {
  expect(judged({})).toEqual({
    what: 'timer of nightly-prod',
    state: 'ok',
    expected: 'installed, enabled and active, its last run a success',
    found: 'active, enabled; the last run of 2026-11-24T02:00:00.000Z: success',
  });
  expect(
    judgeTimer({ plan: 'new', drift: [], state: good.state ?? never() }, { own: 'watch', mayDiffer: false }),
  ).toMatchObject({
    state: 'ok',
    found: 'active, enabled; it has not run yet',
  });
});

test.each([
  [
    { drift: [{ ...change, action: 'install', reason: 'it is missing' }] },
    'run-plan@nightly-prod.timer: it is missing',
  ],
  [{ drift: [asleep] }, 'run-plan@nightly-prod.timer: the timer does not run'],
  [{ state: { load: 'loaded', active: 'inactive', enabled: 'enabled' } }, 'the timer is inactive'],
  [{ state: { load: 'not-found', active: 'inactive', enabled: '' } }, 'the timer is not-found'],
  [
    { lastRun: { at, result: 'exit-code (exit 20)' } },
    'the last run of 2026-11-24T02:00:00.000Z ended with exit-code (exit 20)',
  ],
  [{ lastRun: { at: null, result: 'resources' } }, 'the last run ended with resources'],
  [{ drift: [change] }, 'run-plan@nightly-prod.timer: it differs'],
] satisfies [Partial<DeclaredTimer>, string][])('%j fails', (changes, found) => {
  expect(judged(changes)).toMatchObject({ state: 'fail', found });
});

test('another text alone may be let pass, a timer that does not run never', () => {
  expect(judged({ drift: [change] }, 'watch', true).state).toBe('ok');
  expect(judged({ drift: [change, asleep] }, 'watch', true)).toMatchObject({
    state: 'fail',
    found: 'run-plan@nightly-prod.timer: the timer does not run',
  });
});

test("a watch's own last run is no news to it, its timer is", () => {
  const failed = { lastRun: { at, result: 'exit-code (exit 21)' } };
  expect(judged(failed, 'nightly-prod').state).toBe('ok');
  expect(judged({ ...failed, drift: [asleep] }, 'nightly-prod').state).toBe('fail');
});

test('units of no plan are one check, and none when there are none', () => {
  expect(judgeOthers([])).toEqual([]);
  const gone = {
    path: 'run-plan@old.timer',
    reason: "no plan 'old' has a schedule",
    action: 'remove',
  } as const;
  expect(judgeOthers([gone])).toMatchObject([
    { state: 'fail', found: "run-plan@old.timer: no plan 'old' has a schedule" },
  ]);
});

function never(): never {
  throw new Error('it is there');
}
