import type { DrillEvidence } from '../../../language/generated/drill-evidence.types.ts';
import { markup, type Markup, type Part } from '../markup.ts';
import { counted, grouped } from '../../../base/quantity/counted.ts';
import { durationWords, tallyOf, timeWords, unknown, verdictWords } from '../words.ts';
import type { Tone } from './table.ts';

const tones = { passed: 'good', failed: 'bad', 'rto-missed': 'bad', interrupted: 'warn' } as const;

/** The verdict: what a reader must know before anything else. */
export function verdictHeader(drill: DrillEvidence): Markup {
  const { verdict, plan, run, where, description } = drill;
  return markup`<header class="paper verdict ${tones[verdict.state]}">
<p class="kind">Restore drill</p>
<div class="headline"><h1>${plan}</h1><p class="badge">${icon(verdict.state)}${verdictWords[verdict.state]}</p></div>
<p class="sentence">${verdict.sentence}</p>
${description !== null && markup`<p class="description">${description}</p>`}
<p class="meta"><span>${timeWords(run.startedAt)}</span><span>took ${durationWords(run.durationMs)}</span><span>host ${where.host}</span>${where.owner !== null && markup`<span>owner ${where.owner}</span>`}<span>run <code>${drill.runId}</code></span></p>
</header>
`;
}

/** Shapes differ, so that colour is not needed to tell them apart. */
function icon(state: DrillEvidence['verdict']['state']): Markup {
  const sign = {
    passed: markup`<path d="M6 10.5l3 3 5.5-6.5"/>`,
    failed: markup`<path d="M7 7l6 6M13 7l-6 6"/>`,
    'rto-missed': markup`<path d="M10 5.5v5l3.2 2"/>`,
    interrupted: markup`<path d="M10 5.5v5.5M10 14v.5"/>`,
  }[state];
  return markup`<svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"><circle cx="10" cy="10" r="8.5"/>${sign}</svg>`;
}

/** The five numbers of a drill. */
export function summaryCards(drill: DrillEvidence): Markup {
  const { recoveryTime, recoveryPointAge } = drill;
  const tally = tallyOf(drill);
  const checks = tally.checksPassed + tally.checksFailed;
  return markup`<div class="cards">
${objectiveCard('Recovery time', 'RTO', recoveryTime.durationMs, recoveryTime.rtoMs, recoveryTime.state)}
${objectiveCard('Recovery point age', 'RPO', recoveryPointAge.ageMs, recoveryPointAge.rpoMs, recoveryPointAge.state)}
${card('Rows compared', drill.comparisons.length === 0 ? unknown : grouped(tally.rows), [
  drill.comparisons.length === 0
    ? state('quiet', 'not compared')
    : state(tally.differences === 0 ? 'good' : 'bad', counted(tally.differences, 'difference')),
  drill.comparisons.length > 0 && ` in ${counted(tally.tables, 'table')}`,
])}
${card('Checks passed', checks === 0 ? unknown : `${grouped(tally.checksPassed)} of ${grouped(checks)}`, [
  checks === 0
    ? state('quiet', 'none made')
    : state(tally.checksFailed === 0 ? 'good' : 'bad', `${grouped(tally.checksFailed)} failed`),
])}
${card(
  'Tests',
  drill.tests.length === 0 ? unknown : grouped(tally.tests),
  [
    drill.tests.length === 0
      ? state('quiet', 'none run')
      : state(tally.testsFailed === 0 ? 'good' : 'bad', `${grouped(tally.testsFailed)} failed`),
    drill.tests.length > 0 && `, ${grouped(tally.testsSkipped)} skipped`,
  ],
  true,
)}
</div>
`;
}

function objectiveCard(
  title: string,
  objective: string,
  measured: number | null,
  limit: number | null,
  judged: DrillEvidence['recoveryTime']['state'],
): Markup {
  const tone: Tone = judged === 'met' ? 'good' : judged === 'missed' ? 'bad' : 'quiet';
  const words = {
    met: `within the ${objective} of ${durationWords(limit)}`,
    missed: `misses the ${objective} of ${durationWords(limit)}`,
    unknown: measured === null ? 'unknown' : 'it did not come to its end',
    'no-objective': `the plan has no ${objective}`,
  }[judged];
  const isKnown = measured !== null && limit !== null && (judged === 'met' || judged === 'missed');
  return card(
    title,
    durationWords(measured),
    [state(tone, words)],
    false,
    isKnown &&
      objectiveBar(
        measured,
        limit,
        tone,
        `${title} ${durationWords(measured)}, ${objective} ${durationWords(limit)}`,
      ),
  );
}

/** The measured time against its objective; the longer of the two is the bar's whole width. */
function objectiveBar(measured: number, limit: number, tone: Tone, title: string): Markup {
  const whole = Math.max(measured, limit, 1);
  const percent = (value: number): string => `${((value / whole) * 100).toFixed(2)}%`;
  return markup`<svg class="bar ${tone}" role="img" aria-label="${title}"><title>${title}</title><rect class="track" width="100%" height="10" rx="5"/><rect class="fill" width="${percent(Math.max(measured, whole * 0.02))}" height="10" rx="5"/>${
    measured > limit &&
    markup`<line class="mark" x1="${percent(limit)}" x2="${percent(limit)}" y1="-3" y2="13"/>`
  }</svg>`;
}

function card(title: string, value: string, under: Part, wide = false, bar?: Part): Markup {
  return markup`<section class="card${wide && ' wide'}"><h2>${title}</h2><p class="value">${value}</p>${bar}<p class="under">${under}</p></section>`;
}

function state(tone: Tone, words: string): Markup {
  return markup`<span class="state ${tone}">${words}</span>`;
}
