import type { DrillEvidence } from '../../../language/generated/drill-evidence.types.ts';
import { Markup, markup, render, type Part } from '../markup.ts';
import { verdictWords, durationWords, timeWords, unknown } from '../words.ts';
import {
  blockerSection,
  limitSection,
  noteSection,
  placeSection,
  restoreSection,
  stepSection,
  trendSection,
} from './sections.ts';
import { style } from './style.ts';
import { summaryCards, verdictHeader } from './summary.ts';
import { grouped } from '../../../base/quantity/counted.ts';
import { chip, pageSection, pageTable } from './table.ts';

/** A drill as one page for people: nothing is loaded, nothing runs, and the policy says so to the browser. */
export function renderPage(drill: DrillEvidence): string {
  const { plan, runId, verdict } = drill;
  return render(markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="robots" content="noindex">
<title>${verdictWords[verdict.state]}: drill ${plan}, ${drill.run.startedAt.slice(0, 10)}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<main>
${verdictHeader(drill)}
${summaryCards(drill)}
${blockerSection(drill)}
${signOffSection(drill)}
${stepSection(drill)}
${checkSection(drill)}
${testSection(drill)}
${comparisonSection(drill)}
${probeSection(drill)}
${drill.restores.map(restoreSection)}
${trendSection(drill)}
${placeSection(drill)}
${noteSection(drill)}
${limitSection(drill)}
<footer><p>This page is made from <code>${runId}.json</code>. <code>${runId}.seal.json</code> holds the size and the sha256 of both, and the sha256 of the seal before it: <code>run-plan report ${plan} --verify</code> checks all of them in the repository and on the host that ran the drill.</p></footer>
</main>
</body>
</html>
`);
}

/** What proves a drill, or does not: sections of what was asked, asserted, tested, compared and watched. */

const answerTones = { open: 'warn', signed: 'good', rejected: 'bad' } as const;
const numeric = true;

function signOffSection({ signOffs, verdict, runId }: DrillEvidence): Markup | undefined {
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

function checkSection({ checks }: DrillEvidence): Markup | undefined {
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

function testSection({ tests }: DrillEvidence): Markup | undefined {
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

function comparisonSection({ comparisons }: DrillEvidence): Markup | undefined {
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

function probeSection({ probes }: DrillEvidence): Markup | undefined {
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
