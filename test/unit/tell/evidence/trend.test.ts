import { expect, test } from 'vitest';
import { trendLength, trendOf } from '../../../../src/tell/evidence/trend.ts';
import type { TrendPoint } from '../../../../src/language/generated/drill-evidence.types.ts';
import { fc } from '../../../fixtures/property.ts';

const dayMs = 24 * 60 * 60 * 1000;
const start = Date.parse('2026-01-01T00:00:00Z');
const gigabyte = 1e9;

/** `day` days after the new year. */
function drill(
  day: number,
  gigabytes: number | null,
  recoveryMs: number,
  more: Partial<TrendPoint> = {},
): TrendPoint {
  return {
    runId: `drill-${day}`,
    at: new Date(start + day * dayMs).toISOString(),
    verdict: 'passed',
    recoveryMs,
    databaseBytes: gigabytes === null ? null : gigabytes * gigabyte,
    ...more,
  };
}

test('a database that grows by 1 GB a day, at 60 s a GB and 100 s besides, misses an RTO of 1,000 s on day 15', () => {
  const points = [0, 5, 10].map((day) => drill(day, day, 100_000 + day * 60_000));
  const { forecast } = trendOf(points, 1_000_000);
  expect(forecast).toMatchObject({ state: 'dated', date: '2026-01-16', reason: null });
  expect(forecast.growthBytesPerDay).toBeCloseTo(gigabyte, 0);
  expect(forecast.millisecondsPerGigabyte).toBeCloseTo(60_000, 6);
});

test('noise is evened out by least squares', () => {
  // Sizes 0, 12, 8, 20 over days 0, 10, 10, 20: the line is 1 GB a day; the times are exact.
  const points = [drill(0, 0, 0), drill(10, 12, 12_000), drill(10, 8, 8_000), drill(20, 20, 20_000)];
  expect(trendOf(points, 30_000).forecast).toMatchObject({ state: 'dated', date: '2026-01-31' });
});

test.each([
  ['no RTO', [drill(0, 1, 1), drill(1, 2, 2), drill(2, 3, 3)], null, 'the plan has no RTO'],
  [
    'two drills',
    [drill(0, 1, 1), drill(1, 2, 2)],
    100,
    'it needs 3 drills that passed and told the size of the database; there are 2',
  ],
  [
    'one',
    [drill(0, 1, 1), drill(1, 2, 2, { verdict: 'failed' })],
    100,
    'it needs 3 drills that passed and told the size of the database; there is 1',
  ],
  [
    'sizes unknown',
    [drill(0, null, 1), drill(1, null, 2), drill(2, null, 3)],
    100,
    'it needs 3 drills that passed and told the size of the database; there are 0',
  ],
  [
    'a database that shrinks',
    [drill(0, 3, 1), drill(1, 2, 2), drill(2, 1, 3)],
    100,
    'the database did not grow between the drills',
  ],
  [
    'all on one day',
    [drill(0, 1, 1), drill(0, 2, 2), drill(0, 3, 3)],
    100,
    'the database did not grow between the drills',
  ],
  [
    'faster as it grows',
    [drill(0, 1, 3), drill(1, 2, 2), drill(2, 3, 1)],
    100,
    'the recovery time did not grow with the database',
  ],
])('no forecast with %s', (_, points, rtoMs, reason) => {
  expect(trendOf(points, rtoMs).forecast).toMatchObject({ state: 'none', date: null, reason });
});

test('further than ten years is no date', () => {
  const points = [0, 100, 200].map((day) => drill(day, 1 + day / 1000, 1000 + day));
  expect(trendOf(points, 10_000).forecast).toMatchObject({ state: 'not-within-ten-years', date: null });
  expect(trendOf(points, 4_000).forecast.state).toBe('dated');
});

test('a trend that is past the RTO says so', () => {
  const points = [0, 1, 2].map((day) => drill(day, day + 1, (day + 1) * 1000));
  expect(trendOf(points, 2_500).forecast).toMatchObject({ state: 'missed-now', date: null });
});

test('failed drills are in the trend and not in the lines', () => {
  const points = [0, 5, 10].map((day) => drill(day, day, 100_000 + day * 60_000));
  const odd = drill(7, 900, 1, { verdict: 'failed', runId: 'odd' });
  const trend = trendOf([odd, ...points], 1_000_000);
  expect(trend.forecast.date).toBe('2026-01-16');
  expect(trend.points.map(({ runId }) => runId)).toEqual(['drill-0', 'drill-5', 'odd', 'drill-10']);
});

test('only the newest sixty are kept', () => {
  const points = Array.from({ length: 70 }, (_, day) => drill(day, day, 1));
  const trend = trendOf(points, null);
  expect(trend.points).toHaveLength(trendLength);
  expect(trend.points[0]?.runId).toBe('drill-10');
});

test('a forecast lies after the newest drill, within ten years, or is none', () => {
  const point = fc.record({
    runId: fc.string(),
    at: fc
      .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((at) => at.toISOString()),
    verdict: fc.constantFrom(
      'passed' as const,
      'failed' as const,
      'rto-missed' as const,
      'interrupted' as const,
    ),
    recoveryMs: fc.double({ min: 0, max: 1e10, noNaN: true }),
    databaseBytes: fc.option(fc.double({ min: 0, max: 1e15, noNaN: true })),
  });
  fc.assert(
    fc.property(
      fc.array(point, { maxLength: 8 }),
      fc.option(fc.double({ min: 1, max: 1e9, noNaN: true })),
      (points, rtoMs) => {
        const { forecast, points: ordered } = trendOf(points, rtoMs);
        if (forecast.state !== 'dated') {
          expect(forecast.date).toBeNull();
          expect(forecast.reason).not.toBeNull();
          return;
        }
        const last = Date.parse(ordered.at(-1)?.at ?? '');
        const date = Date.parse(forecast.date ?? '');
        expect(date).toBeGreaterThan(last - dayMs);
        expect(date).toBeLessThanOrEqual(last + 3653 * dayMs);
      },
    ),
  );
});
