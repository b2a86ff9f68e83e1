import type { DrillEvidence } from '../../../language/generated/drill-evidence.types.ts';
import { Markup, markup, render } from '../markup.ts';
import { verdictWords } from '../words.ts';
import {
  checkSection,
  comparisonSection,
  probeSection,
  signOffSection,
  testSection,
} from './proof-sections.ts';
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
