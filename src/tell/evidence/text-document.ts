import type { DrillEvidence } from '../../language/generated/drill-evidence.types.ts';
import { placeFacts, restoreFacts } from './named-facts.ts';
import { counted, grouped } from '../../base/quantity/counted.ts';
import { againstWords, durationWords, forecastWords, rateWords, tallyOf } from './words.ts';

/** A drill as lines for a terminal: the verdict, the numbers, what is to do. */
export function renderText(drill: DrillEvidence): string {
  const tally = tallyOf(drill);
  const failedChecks = drill.checks.filter(({ state }) => state === 'failed');
  const lines = [
    drill.verdict.sentence,
    '',
    ...block('', [
      [
        'recovery time',
        `${againstWords(drill.recoveryTime.durationMs, drill.recoveryTime.rtoMs)} (${drill.recoveryTime.state})`,
      ],
      [
        'recovery point age',
        `${againstWords(drill.recoveryPointAge.ageMs, drill.recoveryPointAge.rpoMs)} (${drill.recoveryPointAge.state})`,
      ],
      ['rows compared', `${grouped(tally.rows)}, ${counted(tally.differences, 'difference')}`],
      ['checks', `${grouped(tally.checksPassed)} passed, ${grouped(tally.checksFailed)} failed`],
      [
        'tests',
        `${grouped(tally.tests)}, ${grouped(tally.testsFailed)} failed, ${grouped(tally.testsSkipped)} skipped`,
      ],
    ]),
    ...block(
      'Steps',
      drill.steps.flatMap((step) => [
        [
          step.name,
          [
            step.outcome,
            durationWords(step.durationMs),
            step.megabytesPerSecond === null ? '' : rateWords(step.megabytesPerSecond),
          ]
            .join('  ')
            .trimEnd(),
        ],
        ...step.phases.map((part) => [`  ${part.name}`, durationWords(part.durationMs)] as const),
      ]),
    ),
    ...paragraph(
      'What to work on',
      drill.blockers.map(
        ({ kind, step, what, toDo }) =>
          `${kind}: ${step === null ? '' : `${step} `}${what}${toDo === null ? '' : `\n    ${toDo}`}`,
      ),
    ),
    ...paragraph(
      'Failed checks',
      failedChecks.map(
        ({ name, expected, found, message }) =>
          `${name}: ${message ?? `expected ${expected ?? '?'}, found ${found ?? '?'}`}`,
      ),
    ),
    ...paragraph(
      'Sign-offs',
      drill.signOffs.map(
        ({ check, text, state, by }) => `${state}${by === null ? '' : ` by ${by}`}: ${text} (${check})`,
      ),
    ),
    ...drill.restores.flatMap((restore) =>
      block(
        `Restored by ${restore.step}`,
        restoreFacts(restore).map(({ name, value }) => [name, value]),
      ),
    ),
    ...block(
      'Who and where',
      placeFacts(drill).map(({ name, value }) => [name, value]),
    ),
    ...paragraph('Trend', [forecastWords(drill.trend.forecast, drill.recoveryTime.rtoMs)]),
    ...paragraph('What this drill does not prove', drill.limits),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function block(
  title: string,
  pairs: readonly (readonly [name: string, value: string] | readonly string[])[],
): string[] {
  if (pairs.length === 0) return [];
  const width = Math.max(...pairs.map(([name = '']) => [...name].length));
  const rows = pairs.map(([name = '', value = '']) => `  ${name.padEnd(width)}  ${value}`.trimEnd());
  return [...(title === '' ? [] : [title]), ...rows, ''];
}

function paragraph(title: string, texts: readonly string[]): string[] {
  return texts.length === 0 ? [] : [title, ...texts.map((text) => `  ${text}`), ''];
}
