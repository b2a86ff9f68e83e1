import { renderDuration } from '../../../base/quantity/duration.ts';
import type { DrillEvidence, EvidenceStep } from '../../../language/generated/drill-evidence.types.ts';
import { markup, type Markup } from '../markup.ts';
import { durationWords, phaseWords } from '../words.ts';
import { ticksUpTo } from './ticks.ts';

/** Heights, pixels. Widths are percents, so that one drawing fits every screen and its text keeps its size. */
const groupHeight = 30;
const stepHeight = 38;
const partHeight = 31;
const axisHeight = 24;
/** Characters of a label that fit a telephone's width. */
const longestLabel = 36;
/** So that a short step is still seen, percent. */
const narrowest = 0.5;

interface Scale {
  readonly wholeMs: number;
  readonly percent: (milliseconds: number) => string;
}

/** Steps and their parts over time, drawn; nothing when no step has started. */
export function timeline(drill: DrillEvidence): Markup | undefined {
  const started = drill.steps.filter(({ offsetMs }) => offsetMs !== null);
  if (started.length === 0) return undefined;
  const ends = started.map(({ offsetMs, durationMs }) => (offsetMs ?? 0) + durationMs);
  const wholeMs = Math.max(drill.run.durationMs, ...ends, 1);
  const scale: Scale = { wholeMs, percent: (milliseconds) => percentOf(milliseconds, wholeMs) };
  let y = 0;
  const rows: Markup[] = [];
  for (const phase of ['prepare', 'steps', 'cleanup'] as const) {
    const steps = started.filter((step) => step.phase === phase);
    if (steps.length === 0) continue;
    const took = phase === 'steps' ? `: ${durationWords(drill.recoveryTime.durationMs)}` : '';
    rows.push(markup`<text class="group" x="0" y="${y + 20}">${phaseWords[phase]}${took}</text>`);
    y += groupHeight;
    for (const step of steps) {
      rows.push(...stepRows(step, y, scale));
      y += stepHeight + step.phases.length * partHeight;
    }
  }
  const description = started.map(
    ({ name, offsetMs, durationMs, outcome }) =>
      `${name}: ${outcome}, begins at ${renderDuration(offsetMs ?? 0)}, takes ${renderDuration(durationMs)}. `,
  );
  return markup`<svg class="gantt" height="${y + axisHeight}" role="img" aria-labelledby="timeline-title timeline-description">
<title id="timeline-title">Timeline of the run: ${renderDuration(wholeMs)}</title>
<desc id="timeline-description">${description}</desc>
${axis(y, scale)}
${rows}
${objectiveLine(drill, y, scale)}
</svg>`;
}

function stepRows(step: EvidenceStep, y: number, scale: Scale): Markup[] {
  const start = step.offsetMs ?? 0;
  return [
    bar(y, step.name, start, step.durationMs, step.outcome, 12, scale),
    ...step.phases.map((part, index) => {
      const top = y + stepHeight + index * partHeight;
      return bar(top, part.name, start + part.offsetMs, part.durationMs, 'part', 7, scale);
    }),
  ];
}

function bar(
  y: number,
  name: string,
  startMs: number,
  durationMs: number,
  kind: EvidenceStep['outcome'] | 'part',
  height: number,
  scale: Scale,
): Markup {
  const took = renderDuration(durationMs);
  const isPart = kind === 'part';
  const width = Math.max(narrowest, (Math.min(durationMs, scale.wholeMs) / scale.wholeMs) * 100);
  // A bar at the very end would begin where the drawing ends.
  const x = Math.min((Math.min(startMs, scale.wholeMs) / scale.wholeMs) * 100, 100 - width);
  const soft = isPart && markup` class="soft"`;
  const word = kind === 'failed' || kind === 'cancelled' ? ` ${kind}` : '';
  return markup`<g><title>${name}: ${took}${word}</title><text${soft} x="0" dx="${isPart ? 16 : 0}" y="${y + 13}">${shortened(name)}</text><text${soft} x="100%" y="${y + 13}" text-anchor="end">${took}${word}</text><rect class="track" x="0" y="${y + 18}" width="100%" height="${height}" rx="3"/><rect class="${kind}" x="${x.toFixed(2)}%" y="${y + 18}" width="${width.toFixed(2)}%" height="${height}" rx="3"/></g>\n`;
}

function axis(y: number, { wholeMs, percent }: Scale): Markup[] {
  return ticksUpTo(wholeMs, 5).map((at) => {
    const anchor = at === 0 ? 'start' : at / wholeMs > 0.92 ? 'end' : 'middle';
    const label = at === 0 ? '0' : renderDuration(at).replace(/\.0 s$/, ' s');
    return markup`<line class="grid" x1="${percent(at)}" x2="${percent(at)}" y1="8" y2="${y + 4}"/><text class="soft" x="${percent(at)}" y="${y + 18}" text-anchor="${anchor}">${label}</text>`;
  });
}

/** Where the RTO runs out, when that is before the end. */
function objectiveLine(
  { steps, recoveryTime }: DrillEvidence,
  y: number,
  { wholeMs, percent }: Scale,
): Markup | undefined {
  const begin = steps.find(({ phase, offsetMs }) => phase === 'steps' && offsetMs !== null)?.offsetMs;
  if (begin === undefined || begin === null || recoveryTime.rtoMs === null) return undefined;
  const at = begin + recoveryTime.rtoMs;
  if (at > wholeMs) return undefined;
  const anchor = at / wholeMs > 0.5 ? 'end' : 'start';
  return markup`<line class="objective" x1="${percent(at)}" x2="${percent(at)}" y1="0" y2="${y + 4}"/><text class="objective-text" x="${percent(at)}" dx="${anchor === 'end' ? -6 : 6}" y="11" text-anchor="${anchor}">RTO ${renderDuration(recoveryTime.rtoMs)}</text>`;
}

function percentOf(milliseconds: number, wholeMs: number): string {
  return `${(Math.min(1, milliseconds / wholeMs) * 100).toFixed(2)}%`;
}

/** A label that fits; the whole name stands in the table below. */
export function shortened(name: string): string {
  const characters = [...name.replaceAll(/\s+/g, ' ')];
  return characters.length <= longestLabel ? name : `${characters.slice(0, longestLabel - 1).join('')}…`;
}
