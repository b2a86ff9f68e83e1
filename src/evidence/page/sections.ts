import type { DrillEvidence, EvidenceRestore } from '../../schema/generated/drill-evidence.types.ts';
import { markup, type Markup, type Part } from '../markup.ts';
import { placeFacts, restoreFacts, type NamedFact } from '../named-facts.ts';
import { grouped } from '../verdict.ts';
import {
  bytesWords,
  capitalised,
  durationWords,
  forecastWords,
  hasRecovered,
  phaseWords,
  rateWords,
  timeWords,
  unknown,
  verdictWords,
} from '../words.ts';
import { chip, pageSection, pageTable, type Tone } from './table.ts';
import { timeline } from './timeline.ts';
import { trendChart } from './trend-chart.ts';

/** Drills that the trend's table names; the JSON has them all. */
const shownDrills = 20;

const outcomeTones = { succeeded: 'good', failed: 'bad', cancelled: 'warn', skipped: 'quiet' } as const;
const verdictTones = { passed: 'good', failed: 'bad', 'rto-missed': 'bad', interrupted: 'warn' } as const;
const answerTones = { open: 'warn', signed: 'good', rejected: 'bad' } as const;
const numeric = true;

export function blockerSection({ blockers }: DrillEvidence): Markup | undefined {
  if (blockers.length === 0) return undefined;
  const item = ({ kind, step, what, toDo }: DrillEvidence['blockers'][number]): Markup => {
    const tone: Tone = kind === 'slow' ? 'warn' : 'bad';
    return markup`<li class="${tone}"><p>${chip(tone, kind)} ${step !== null && markup`<code>${step}</code>`} ${what}</p>${toDo !== null && markup`<p class="todo"><strong>To do:</strong> ${toDo}</p>`}</li>\n`;
  };
  return pageSection('blockers', 'What to work on', markup`<ul class="blockers">${blockers.map(item)}</ul>`);
}

export function signOffSection({ signOffs, verdict, runId }: DrillEvidence): Markup | undefined {
  const rows = signOffs.map(({ check, text, state, by, at, note }): Part[] => [
    text,
    markup`<code>${check}</code>`,
    markup`${chip(answerTones[state], state)}${note !== null && markup`<span class="reason">${note}</span>`}`,
    by ?? unknown,
    timeWords(at),
  ]);
  const columns = ['What', 'Check', 'State', 'By', 'At'].map((title) => ({ title }));
  const open = signOffs.find(({ state }) => state === 'open')?.check;
  return pageSection(
    'sign-offs',
    verdict.openSignOffs > 0 ? `Sign-offs: ${verdict.openSignOffs} open` : 'Sign-offs',
    rows.length === 0
      ? undefined
      : [
          pageTable({ caption: 'Questions that a person answers', columns, rows }),
          open !== undefined &&
            markup`<p class="after">A person answers with <code>run-plan sign-off ${runId} --check ${open} --by NAME</code></p>`,
        ],
  );
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

export function checkSection({ checks }: DrillEvidence): Markup | undefined {
  const failedFirst = checks.toSorted((left, right) => left.state.localeCompare(right.state));
  const rows = failedFirst.map(({ name, step, state, expected, found, message, durationMs }): Part[] => [
    name,
    markup`<code>${step}</code>`,
    markup`${chip(state === 'passed' ? 'good' : 'bad', state)}${message !== null && markup`<span class="reason">${message}</span>`}`,
    expected ?? '',
    found ?? '',
    durationMs === null ? '' : durationWords(durationMs),
  ]);
  const columns = [
    { title: 'Check' },
    { title: 'Step' },
    { title: 'Result' },
    { title: 'Expected' },
    { title: 'Found' },
    { title: 'Took', numeric },
  ];
  return pageSection(
    'checks',
    'Checks',
    pageTable({ caption: 'Everything that was asserted', columns, rows }),
  );
}

export function testSection({ tests }: DrillEvidence): Markup | undefined {
  if (tests.length === 0) return undefined;
  const columns = ['Tests', 'Failed', 'Errors', 'Skipped', 'Took'].map((title) => ({ title, numeric }));
  const rows = tests.map((report): Part[] => [
    markup`<code>${report.step}</code>`,
    grouped(report.tests),
    grouped(report.failures),
    grouped(report.errors),
    grouped(report.skipped),
    durationWords(report.durationMs),
  ]);
  const failed = tests.flatMap((report) => report.failed);
  return pageSection('tests', 'Tests', [
    pageTable({
      caption: "Counts of the commands' test reports",
      columns: [{ title: 'Step' }, ...columns],
      rows,
    }),
    failed.length > 0 && markup`<h3>Failed tests</h3>`,
    pageTable({
      caption: 'The first that failed',
      columns: [{ title: 'Test' }, { title: 'Message' }],
      rows: failed.map(({ name, message }) => [markup`<code>${name}</code>`, message]),
    }),
  ]);
}

export function comparisonSection({ comparisons }: DrillEvidence): Markup | undefined {
  if (comparisons.length === 0) return undefined;
  const rows = comparisons.map(({ step, mode, tables, rows: count, differences }): Part[] => [
    markup`<code>${step}</code>`,
    { counts: 'row counts', content: 'row counts and contents', none: 'nothing' }[mode],
    grouped(tables),
    grouped(count),
    differences.length === 0 ? chip('good', 'none') : chip('bad', grouped(differences.length)),
  ]);
  const differences = comparisons.flatMap((comparison) => comparison.differences);
  return pageSection('comparison', "Restored rows against the manifest's", [
    pageTable({
      caption: 'What was compared',
      columns: [
        { title: 'Step' },
        { title: 'Compared' },
        { title: 'Tables', numeric },
        { title: 'Rows', numeric },
        { title: 'Differences', numeric },
      ],
      rows,
    }),
    differences.length > 0 && markup`<h3>Differences</h3>`,
    pageTable({
      caption: 'Tables that differ',
      columns: [{ title: 'Table' }, { title: 'Expected' }, { title: 'Found' }],
      rows: differences.map(({ table, expected, found }) => [markup`<code>${table}</code>`, expected, found]),
    }),
  ]);
}

export function probeSection({ probes }: DrillEvidence): Markup | undefined {
  const rows = probes.map((each): Part[] => [
    markup`<code>${each.step}</code>`,
    grouped(each.probes),
    grouped(each.errors),
    `${(each.errorRate * 100).toFixed(2)} %`,
    durationWords(each.p95Ms),
    durationWords(each.durationMs),
  ]);
  const columns = ['Probes', 'Errors', 'Error rate', 'p95', 'Watched for'].map((title) => ({
    title,
    numeric,
  }));
  return pageSection(
    'probes',
    'Probes',
    pageTable({ caption: 'Watches over running services', columns: [{ title: 'Step' }, ...columns], rows }),
  );
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

function bullets(texts: readonly string[]): Markup | undefined {
  if (texts.length === 0) return undefined;
  return markup`<ul class="plain">${texts.map((text) => markup`<li>${text}</li>\n`)}</ul>`;
}

function factList(facts: readonly NamedFact[]): Markup {
  return markup`<dl class="facts">
${facts.map(({ name, value, kind }) => markup`<dt>${name}</dt><dd>${kind === 'code' ? markup`<code>${value}</code>` : value}</dd>\n`)}</dl>`;
}
