import { expect, test } from 'vitest';
import { judgeDrill, type DrillQuestion } from '../../../../src/check/watch/drill-due.ts';

const plan: DrillQuestion['plan'] = {
  name: 'drill-staging',
  schedule: [{ calendar: 'quarterly' }],
  timeZone: 'UTC',
  timeoutMs: 12 * 3_600_000,
};

function judged(last: string | undefined, now: string, more: Partial<DrillQuestion> = {}) {
  const passed = last === undefined ? undefined : { runId: 'drill-staging-x', startedAt: new Date(last) };
  return judgeDrill({ plan, last: passed, now: new Date(now), ...more });
}

test.each([
  ['2026-07-01T00:00:30Z', '2026-10-01T11:59:00Z', 'ok'],
  ['2026-07-01T00:00:30Z', '2026-10-01T12:01:00Z', 'fail'],
  // A drill by hand in between is as good as any, and the next is due at its time all the same.
  ['2026-08-20T09:00:00Z', '2026-10-01T11:00:00Z', 'ok'],
  ['2026-08-20T09:00:00Z', '2026-10-02T00:00:00Z', 'fail'],
  ['2026-10-01T00:00:30Z', '2026-12-31T23:00:00Z', 'ok'],
])('after a drill on %s it is on %s: %s', (last, now, state) => {
  expect(judged(last, now)).toMatchObject({ what: 'drill drill-staging', state });
});

test('says which drill, how old, and when the next one was due', () => {
  expect(judged('2026-07-01T00:00:00Z', '2026-10-03T00:00:00Z').found).toBe(
    'drill-staging-x passed 94d ago; the next was due on 2026-10-01T00:00:00.000Z',
  );
});

test('a grace replaces the deadline, and an age the schedule', () => {
  const graceMs = 3 * 86_400_000;
  expect(judged('2026-07-01T00:00:00Z', '2026-10-03T00:00:00Z', { graceMs }).state).toBe('ok');
  expect(judged('2026-07-01T00:00:00Z', '2026-10-04T01:00:00Z', { graceMs }).state).toBe('fail');
  const maxAgeMs = 10 * 86_400_000;
  expect(judged('2026-07-01T00:00:00Z', '2026-07-10T00:00:00Z', { maxAgeMs }).state).toBe('ok');
  expect(judged('2026-07-01T00:00:00Z', '2026-07-12T00:00:00Z', { maxAgeMs }).state).toBe('fail');
});

test('a plan that never drilled is overdue, and one whose schedule is over is not', () => {
  expect(judged(undefined, '2026-07-01T00:00:00Z')).toMatchObject({
    state: 'fail',
    found: 'none has ever passed',
  });
  const over = { ...plan, schedule: [{ calendar: 'daily', until: '2026-06-30' }] };
  expect(judged('2026-07-01T00:00:00Z', '2027-07-01T00:00:00Z', { plan: over }).state).toBe('ok');
});
