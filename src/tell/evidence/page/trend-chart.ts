import { renderDuration } from '../../../base/quantity/duration.ts';
import type { DrillEvidence, TrendPoint } from '../../../language/generated/drill-evidence.types.ts';
import { markup, type Markup } from '../markup.ts';
import { durationWords, hasRecovered, timeWords, verdictWords } from '../words.ts';
import { ticksUpTo } from './ticks.ts';

/** Pixels; widths are percents, as in the timeline. */
const height = 240;
const top = 24;
const bottom = height - 26;
/** Percent of the width that points keep from the edges. */
const margin = 3;
/** Two lines closer than this would write over each other. */
const leastApart = 16;
const dayMs = 24 * 60 * 60 * 1000;
/** A forecast is drawn at least so far ahead, and no further than the drills reach back. */
const leastAheadMs = 90 * dayMs;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Recovery times of the drills over time, with the RTO and the forecast; nothing without a drill. */
export function trendChart({ trend, recoveryTime: { rtoMs } }: DrillEvidence): Markup | undefined {
  const { points, forecast } = trend;
  const times = points.map(({ at }) => Date.parse(at));
  const first = Math.min(...times);
  const last = Math.max(...times);
  if (points.length === 0 || !Number.isFinite(first) || !Number.isFinite(last)) return undefined;
  const forecastAt =
    forecast.state === 'dated' && forecast.date !== null ? Date.parse(forecast.date) : undefined;
  const end =
    forecastAt === undefined ? last : Math.min(forecastAt, last + Math.max(last - first, leastAheadMs));
  const highest = Math.max(rtoMs ?? 0, ...points.map(({ recoveryMs }) => recoveryMs), 1) * 1.12;
  const place = (at: number, milliseconds: number): Place => ({
    x: end === first ? 50 : margin + ((at - first) / (end - first)) * (100 - 2 * margin),
    y: bottom - (milliseconds / highest) * (bottom - top),
  });
  const completed = points.filter(({ verdict }) => hasRecovered(verdict));
  const ways = completed.slice(1).map((point, index) => {
    const before = completed[index] ?? point;
    return line('way', placeOf(before), placeOf(point));
  });
  function placeOf({ at, recoveryMs }: TrendPoint): Place {
    return place(Date.parse(at), recoveryMs);
  }
  const newest = completed.at(-1);
  const dotted =
    forecastAt === undefined || newest === undefined || rtoMs === null
      ? undefined
      : forecastLine(placeOf(newest), place(forecastAt, rtoMs), place(end, 0).x, forecast.date ?? '');
  const summary = points.map(
    ({ at, verdict, recoveryMs }) =>
      `${timeWords(at)}: ${verdictWords[verdict]}, ${renderDuration(recoveryMs)}. `,
  );
  return markup`<svg class="chart" height="${height}" role="img" aria-labelledby="trend-title trend-description">
<title id="trend-title">Recovery time of ${points.length} ${points.length === 1 ? 'drill' : 'drills'}${rtoMs !== null && `, and the RTO of ${durationWords(rtoMs)}`}</title>
<desc id="trend-description">${summary}</desc>
${ticksUpTo(highest, 4)
  .filter((tick) => rtoMs === null || Math.abs(place(first, tick).y - place(first, rtoMs).y) > leastApart)
  .map((tick) => grid(tick, place(first, tick).y))}
${rtoMs !== null && objective(rtoMs, place(first, rtoMs).y)}
${ways}${dotted}
${points.map((point) => mark(point, placeOf(point)))}
${dates(first, last, place)}
</svg>
${legend(forecastAt !== undefined)}`;
}

function line(kind: string, from: Place, to: Place): Markup {
  return markup`<line class="${kind}" x1="${from.x.toFixed(2)}%" y1="${from.y.toFixed(1)}" x2="${to.x.toFixed(2)}%" y2="${to.y.toFixed(1)}"/>`;
}

function grid(milliseconds: number, y: number): Markup {
  const label = milliseconds === 0 ? '0' : renderDuration(milliseconds).replace(/\.0 s$/, ' s');
  return markup`<line class="grid" x1="0" x2="100%" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/><text class="soft" x="0" y="${(y - 4).toFixed(1)}">${label}</text>`;
}

function objective(rtoMs: number, y: number): Markup {
  return markup`<line class="objective" x1="0" x2="100%" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/><text class="objective-text" x="0" y="${(y - 5).toFixed(1)}">RTO ${renderDuration(rtoMs)}</text>`;
}

/** From the newest drill towards the day on which the RTO is met, as far as the drawing reaches. */
function forecastLine(from: Place, to: Place, edge: number, date: string): Markup {
  const share = to.x <= edge || to.x === from.x ? 1 : (edge - from.x) / (to.x - from.x);
  const cut = { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
  return markup`${line('forecast', from, cut)}<text class="forecast-text" x="${cut.x.toFixed(2)}%" y="${(cut.y - 8).toFixed(1)}" text-anchor="end">${share < 1 && '→ '}${date}</text>`;
}

function mark(point: TrendPoint, { x, y }: Place): Markup {
  const title = markup`<title>${timeWords(point.at)}: ${verdictWords[point.verdict]}, ${renderDuration(point.recoveryMs)}</title>`;
  if (hasRecovered(point.verdict)) {
    const kind = point.verdict === 'passed' ? 'passed' : 'missed';
    return markup`<circle class="point ${kind}" cx="${x.toFixed(2)}%" cy="${y.toFixed(1)}" r="5">${title}</circle>`;
  }
  const at = `${x.toFixed(2)}%`;
  return markup`<svg x="${at}" y="${bottom - 5}" overflow="visible" width="1" height="1">${title}<path class="cross" d="M-5 -5l10 10M5 -5l-10 10"/></svg>`;
}

function dates(first: number, last: number, place: (at: number, milliseconds: number) => Place): Markup[] {
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  const label = (at: number, anchor: string): Markup =>
    markup`<text class="soft" x="${place(at, 0).x.toFixed(2)}%" y="${height - 6}" text-anchor="${anchor}">${day(at)}</text>`;
  if (day(first) === day(last)) return [label(last, 'middle')];
  return [
    label(first, 'start'),
    // Two dates side by side need room.
    ...(place(last, 0).x - place(first, 0).x > 42 ? [label(last, 'end')] : []),
  ];
}

function legend(hasForecast: boolean): Markup {
  return markup`<ul class="legend">
<li><svg class="chart" viewBox="0 0 14 14" aria-hidden="true"><circle class="passed" cx="7" cy="7" r="5"/></svg>recovered</li>
<li><svg class="chart" viewBox="0 0 14 14" aria-hidden="true"><circle class="missed" cx="7" cy="7" r="5"/></svg>recovered, RTO missed</li>
<li><svg class="chart" viewBox="0 0 14 14" aria-hidden="true"><path class="cross" d="M3 3l8 8M11 3l-8 8"/></svg>failed or interrupted</li>
${hasForecast && markup`<li><svg class="chart" viewBox="0 0 14 14" aria-hidden="true"><line class="forecast" x1="0" x2="14" y1="7" y2="7"/></svg>forecast</li>`}
</ul>`;
}
