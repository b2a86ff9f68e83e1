import { renderDuration } from '../../base/quantity/duration.ts';
import type {
  EvidenceForecast,
  EvidenceTrend,
  TrendPoint,
} from '../../language/generated/drill-evidence.types.ts';

/** Drills that a trend looks back on, this one included. */
export const trendLength = 60;
/** Fewer drills than this make no line. */
const fewest = 3;
const dayMs = 24 * 60 * 60 * 1000;
/** No forecast looks further ahead. */
const horizonMs = 10 * 365.25 * dayMs;

/** Drills oldest first, the newest of them, and when the RTO would be missed as the database grows. Pure. */
export function trendOf(points: readonly TrendPoint[], rtoMs: number | null): EvidenceTrend {
  const ordered = [...points]
    .sort((left, right) => left.at.localeCompare(right.at) || left.runId.localeCompare(right.runId))
    .slice(-trendLength);
  return { points: ordered, forecast: forecastOf(ordered, rtoMs) };
}

/** Two lines by least squares over the drills that passed: size by time, and recovery time by size. */
function forecastOf(points: readonly TrendPoint[], rtoMs: number | null): EvidenceForecast {
  if (rtoMs === null) return none('the plan has no RTO');
  const passed = points.flatMap(({ verdict, at, recoveryMs, databaseBytes }) =>
    verdict === 'passed' && databaseBytes !== null
      ? [{ atMs: Date.parse(at), recoveryMs, bytes: databaseBytes }]
      : [],
  );
  const newest = passed.at(-1);
  if (newest === undefined || passed.length < fewest)
    return none(
      `it needs ${fewest} drills that passed and told the size of the database; there ${passed.length === 1 ? 'is' : 'are'} ${passed.length}`,
    );
  const growth = fitLine(passed.map(({ atMs, bytes }) => [atMs, bytes]));
  if (growth === undefined || growth.slope <= 0) return none('the database did not grow between the drills');
  const cost = fitLine(passed.map(({ bytes, recoveryMs }) => [bytes, recoveryMs]));
  const growthBytesPerDay = growth.slope * dayMs;
  if (cost === undefined || cost.slope <= 0)
    return { ...none('the recovery time did not grow with the database'), growthBytesPerDay };
  const known = { growthBytesPerDay, millisecondsPerGigabyte: cost.slope * 1e9 };
  const bytesAtRto = cost.x + (rtoMs - cost.y) / cost.slope;
  const atMs = growth.x + (bytesAtRto - growth.y) / growth.slope;
  const lastMs = Date.parse(points.at(-1)?.at ?? '') || newest.atMs;
  if (atMs <= lastMs) {
    const reason = `by the trend the RTO of ${renderDuration(rtoMs)} is missed already`;
    return { state: 'missed-now', date: null, reason, ...known };
  }
  if (atMs - lastMs > horizonMs) {
    const reason = 'by the trend the RTO is not missed within ten years';
    return { state: 'not-within-ten-years', date: null, reason, ...known };
  }
  return { state: 'dated', date: new Date(atMs).toISOString().slice(0, 10), reason: null, ...known };
}

/** A line through the middle of the points, `y` at `x`: numbers stay small, so that epochs and bytes lose no digits. */
interface Line {
  readonly x: number;
  readonly y: number;
  readonly slope: number;
}

function fitLine(points: readonly (readonly [x: number, y: number])[]): Line | undefined {
  const middleX = mean(points.map(([x]) => x));
  const middleY = mean(points.map(([, y]) => y));
  let together = 0;
  let spread = 0;
  for (const [x, y] of points) {
    together += (x - middleX) * (y - middleY);
    spread += (x - middleX) ** 2;
  }
  return spread === 0 ? undefined : { x: middleX, y: middleY, slope: together / spread };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function none(reason: string): EvidenceForecast {
  return { state: 'none', date: null, reason, growthBytesPerDay: null, millisecondsPerGigabyte: null };
}
