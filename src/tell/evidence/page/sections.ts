import type { DrillEvidence, EvidenceRestore } from '../../../language/generated/drill-evidence.types.ts';
import { markup, type Markup, type Part } from '../markup.ts';
import { placeFacts, restoreFacts, type NamedFact } from '../named-facts.ts';
import {
  bytesWords,
  capitalised,
  durationWords,
  forecastWords,
  hasRecovered,
  phaseWords,
  rateWords,
  timeWords,
  verdictWords,
} from '../words.ts';
import { chip, pageSection, pageTable, type Tone } from './table.ts';
import { timeline } from './timeline.ts';
import { trendChart } from './trend-chart.ts';

/** Drills that the trend's table names; the JSON has them all. */
const shownDrills = 20;

const outcomeTones = { succeeded: 'good', failed: 'bad', cancelled: 'warn', skipped: 'quiet' } as const;
const verdictTones = { passed: 'good', failed: 'bad', 'rto-missed': 'bad', interrupted: 'warn' } as const;
const numeric = true;

export function blockerSection({ blockers }: DrillEvidence): Markup | undefined {
  if (blockers.length === 0) return undefined;
  const item = ({ kind, step, what, toDo }: DrillEvidence['blockers'][number]): Markup => {
    const tone: Tone = kind === 'slow' ? 'warn' : 'bad';
    return markup`<li class="${tone}"><p>${chip(tone, kind)} ${step !== null && markup`<code>${step}</code>`} ${what}</p>${toDo !== null && markup`<p class="todo"><strong>To do:</strong> ${toDo}</p>`}</li>\n`;
  };
  return pageSection('blockers', 'What to work on', markup`<ul class="blockers">${blockers.map(item)}</ul>`);
}

export function stepSection(drill: DrillEvidence): Markup | undefined {
  const rows = drill.steps.flatMap((step): Part[][] => [
    [
      markup`<strong>${step.name}</strong>${step.name !== step.id && markup`<span class="reason"><code>${step.id}</code></span>`}`,
      markup`<span class="word">${phaseWords[step.phase]}</span>`,
      markup`${chip(outcomeTones[step.outcome], step.outcome)}${step.attempts > 1 && markup`<span class="reason">${step.attempts} attempts</span>`}${(step.error?.message ?? step.reason) !== null && markup`<span class="reason">${step.error?.message ?? step.reason}</span>`}`,
      durationWords(step.durationMs),
      step.bytes === null ? '' : bytesWords(step.bytes),
      step.megabytesPerSecond === null ? '' : rateWords(step.megabytesPerSecond),
    ],
    ...step.phases.map((part): Part[] => [
      `↳ ${part.name}`,
      '',
      '',
      durationWords(part.durationMs),
      part.bytes === null ? '' : bytesWords(part.bytes),
      part.megabytesPerSecond === null ? '' : rateWords(part.megabytesPerSecond),
    ]),
  ]);
  const columns = [
    { title: 'Step' },
    { title: 'Phase' },
    { title: 'Outcome' },
    { title: 'Took', numeric },
    { title: 'Bytes', numeric },
    { title: 'Rate', numeric },
  ];
  return pageSection('timeline', 'Timeline', [
    timeline(drill),
    pageTable({ caption: 'Steps and their parts', columns, rows }) ??
      markup`<p class="lead">No step was planned.</p>`,
  ]);
}

export function restoreSection(restore: EvidenceRestore, index: number): Markup | undefined {
  return pageSection(`restore-${index + 1}`, `Restored: ${restore.artifact ?? restore.source}`, [
    factList(restoreFacts(restore)),
    restore.remarks.length > 0 && markup`<h3>Remarks</h3>`,
    bullets(restore.remarks),
    restore.harmless.length > 0 && markup`<h3>Harmless messages of pg_restore</h3>`,
    pageTable({
      caption: 'Known by name, with the reason why each does no harm',
      columns: [{ title: 'Object' }, { title: 'Message' }, { title: 'Reason' }],
      rows: restore.harmless.map(({ object, message, reason }) => [object, message, reason]),
    }),
  ]);
}

export function trendSection(drill: DrillEvidence): Markup | undefined {
  const { points, forecast } = drill.trend;
  const rows = points
    .toReversed()
    .slice(0, shownDrills)
    .map(({ at, verdict, recoveryMs, databaseBytes }): Part[] => [
      timeWords(at),
      chip(verdictTones[verdict], verdictWords[verdict]),
      durationWords(hasRecovered(verdict) ? recoveryMs : null),
      bytesWords(databaseBytes),
    ]);
  return pageSection('trend', 'Trend', [
    markup`<p class="lead">${forecastWords(forecast, drill.recoveryTime.rtoMs)}</p>`,
    trendChart(drill),
    pageTable({
      caption:
        points.length > shownDrills
          ? `The newest ${shownDrills} of ${points.length} drills`
          : 'Drills, newest first',
      columns: [
        { title: 'Drill' },
        { title: 'Verdict' },
        { title: 'Recovery time', numeric },
        { title: 'Database', numeric },
      ],
      rows,
    }),
  ]);
}

export function placeSection(drill: DrillEvidence): Markup | undefined {
  return pageSection('place', 'Environment and versions', factList(placeFacts(drill)));
}

export function noteSection({ notes }: DrillEvidence): Markup | undefined {
  const warningsFirst = notes.toSorted((left, right) => right.level.localeCompare(left.level));
  const rows = warningsFirst.map(({ step, level, text }): Part[] => [
    chip(level === 'warning' ? 'warn' : 'quiet', level),
    step === null ? 'run' : markup`<code>${step}</code>`,
    text,
  ]);
  return pageSection(
    'notes',
    'Notes and warnings',
    pageTable({
      caption: 'What the run and its steps said',
      columns: [{ title: 'Level' }, { title: 'Step' }, { title: 'Text' }],
      rows,
    }),
  );
}

export function limitSection({ limits }: DrillEvidence): Markup | undefined {
  return pageSection('limits', 'What this drill does not prove', bullets(limits.map(capitalised)));
}

/** Sentences as a list; undefined for none. */
function bullets(texts: readonly string[]): Markup | undefined {
  if (texts.length === 0) return undefined;
  return markup`<ul class="plain">${texts.map((text) => markup`<li>${text}</li>\n`)}</ul>`;
}

/** Names and values, one beside the other. */
function factList(facts: readonly NamedFact[]): Markup {
  return markup`<dl class="facts">
${facts.map(({ name, value, kind }) => markup`<dt>${name}</dt><dd>${kind === 'code' ? markup`<code>${value}</code>` : value}</dd>\n`)}</dl>`;
}
