import { expect, it } from 'vitest';
import { renderRunTime } from '../../../../src/language/schedule/run-time.ts';
import { nextRuns } from '../../../../src/language/schedule/schedule.ts';

it('the next runs are told in UTC and in the zone of the plan, across a change of clocks', () => {
  const zone = 'Europe/Berlin';
  const runs = nextRuns([{ calendar: '02:30' }], new Date('2026-10-23T12:00:00Z'), 3, zone);
  expect(runs.map(({ at }) => renderRunTime(at, zone))).toEqual([
    '2026-10-24T00:30:00Z  2026-10-24 02:30:00 Europe/Berlin',
    '2026-10-25T00:30:00Z  2026-10-25 02:30:00 Europe/Berlin',
    '2026-10-26T01:30:00Z  2026-10-26 02:30:00 Europe/Berlin',
  ]);
});

it('in UTC once', () => {
  expect(renderRunTime(new Date('2026-10-24T00:30:00Z'), 'UTC')).toBe('2026-10-24T00:30:00Z');
});
