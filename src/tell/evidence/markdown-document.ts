import type { DrillEvidence, EvidenceRestore } from '../../language/generated/drill-evidence.types.ts';
import { restoreFacts, placeFacts, type NamedFact } from './named-facts.ts';
import { code, list, plain, section, table } from './markdown.ts';
import { grouped } from '../../base/quantity/counted.ts';
import {
  againstWords,
  bytesWords,
  durationWords,
  forecastWords,
  hasRecovered,
  phaseWords,
  rateWords,
  tallyOf,
  timeWords,
  unknown,
  verdictWords,
} from './words.ts';

/** A drill as Markdown, for tickets and wikis. */
export function renderMarkdown(drill: DrillEvidence): string {
  const lines = [
    `# Drill ${plain(drill.plan)}: ${verdictWords[drill.verdict.state]}`,
    '',
    `**${plain(drill.verdict.sentence)}**`,
    '',
    ...summary(drill),
    ...section('What to work on', list(drill.blockers.map(blocker))),
    ...section('Sign-offs', signOffs(drill)),
    ...section('Steps', steps(drill)),
    ...section('Checks', checks(drill)),
    ...section('Tests', tests(drill)),
    ...section('Rows compared', comparisons(drill)),
    ...section('Probes', probes(drill)),
    ...drill.restores.flatMap((restore) => restored(restore)),
    ...section('Trend', [forecastWords(drill.trend.forecast, drill.recoveryTime.rtoMs), '', ...trend(drill)]),
    ...section('Who and where', facts(placeFacts(drill))),
    ...section(
      'Notes and warnings',
      list(
        drill.notes.map(
          ({ step, level, text }) =>
            `${level === 'warning' ? '**warning** ' : ''}${step === null ? '' : `${code(step)}: `}${plain(text)}`,
        ),
      ),
    ),
    ...section('What this drill does not prove', list(drill.limits.map(plain))),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function summary(drill: DrillEvidence): string[] {
  const { recoveryTime, recoveryPointAge } = drill;
  const tally = tallyOf(drill);
  return table(
    ['', '', ''],
    [
      ['Recovery time', againstWords(recoveryTime.durationMs, recoveryTime.rtoMs), recoveryTime.state],
      [
        'Recovery point age',
        againstWords(recoveryPointAge.ageMs, recoveryPointAge.rpoMs),
        recoveryPointAge.state,
      ],
      ['Rows compared', grouped(tally.rows), `${grouped(tally.differences)} differences`],
      ['Checks passed', grouped(tally.checksPassed), `${grouped(tally.checksFailed)} failed`],
      [
        'Tests',
        grouped(tally.tests),
        `${grouped(tally.testsFailed)} failed, ${grouped(tally.testsSkipped)} skipped`,
      ],
      ['Open sign-offs', grouped(drill.verdict.openSignOffs), ''],
    ],
  );
}

function blocker({ kind, step, what, toDo }: DrillEvidence['blockers'][number]): string {
  const where = step === null ? '' : ` ${code(step)}`;
  return `**${kind}**${where}: ${plain(what)}${toDo === null ? '' : `. To do: ${plain(toDo)}`}`;
}

function signOffs(drill: DrillEvidence): string[] {
  return table(
    ['Check', 'What', 'State', 'By', 'At'],
    drill.signOffs.map(({ check, text, state, by, at, note }) => [
      code(check),
      plain(text),
      `${state}${note === null ? '' : `: ${plain(note)}`}`,
      by === null ? unknown : plain(by),
      timeWords(at),
    ]),
  );
}

function steps(drill: DrillEvidence): string[] {
  const rows = drill.steps.flatMap((step) => [
    [
      phaseWords[step.phase],
      plain(step.name),
      step.outcome,
      durationWords(step.durationMs),
      bytesWords(step.bytes),
      rateWords(step.megabytesPerSecond),
    ],
    ...step.phases.map((phase) => [
      '',
      `↳ ${plain(phase.name)}`,
      '',
      durationWords(phase.durationMs),
      bytesWords(phase.bytes),
      rateWords(phase.megabytesPerSecond),
    ]),
  ]);
  return table(['Phase', 'Step', 'Outcome', 'Took', 'Bytes', 'Rate'], rows);
}

function checks(drill: DrillEvidence): string[] {
  return table(
    ['Check', 'Step', 'Result', 'Expected', 'Found'],
    drill.checks.map(({ name, step, state, expected, found, message }) => [
      plain(name),
      code(step),
      `${state === 'failed' ? '**failed**' : state}${message === null ? '' : `: ${plain(message)}`}`,
      expected === null ? unknown : plain(expected),
      found === null ? unknown : plain(found),
    ]),
  );
}

function tests(drill: DrillEvidence): string[] {
  return [
    ...table(
      ['Step', 'Tests', 'Failed', 'Errors', 'Skipped', 'Took'],
      drill.tests.map((report) => [
        code(report.step),
        grouped(report.tests),
        grouped(report.failures),
        grouped(report.errors),
        grouped(report.skipped),
        durationWords(report.durationMs),
      ]),
    ),
    ...list(
      drill.tests.flatMap(({ failed }) =>
        failed.map(({ name, message }) => `${code(name)}: ${plain(message)}`),
      ),
    ),
  ];
}

function comparisons(drill: DrillEvidence): string[] {
  return [
    ...table(
      ['Step', 'Compared', 'Tables', 'Rows', 'Differences'],
      drill.comparisons.map(({ step, mode, tables, rows, differences }) => [
        code(step),
        mode,
        grouped(tables),
        grouped(rows),
        grouped(differences.length),
      ]),
    ),
    ...table(
      ['Table', 'Expected', 'Found'],
      drill.comparisons.flatMap(({ differences }) =>
        differences.map(({ table: name, expected, found }) => [code(name), plain(expected), plain(found)]),
      ),
    ),
  ];
}

function probes(drill: DrillEvidence): string[] {
  return table(
    ['Step', 'Probes', 'Errors', 'Error rate', 'p95', 'Watched for'],
    drill.probes.map((each) => [
      code(each.step),
      grouped(each.probes),
      grouped(each.errors),
      `${(each.errorRate * 100).toFixed(2)} %`,
      durationWords(each.p95Ms),
      durationWords(each.durationMs),
    ]),
  );
}

function restored(restore: EvidenceRestore): string[] {
  return section(`Restored by ${plain(restore.step)}`, [
    ...facts(restoreFacts(restore)),
    ...list(restore.remarks.map(plain)),
    ...list(
      restore.harmless.map(
        ({ object, message, reason }) => `harmless: ${plain(object)}: ${plain(message)} (${plain(reason)})`,
      ),
    ),
  ]);
}

function trend(drill: DrillEvidence): string[] {
  return table(
    ['Drill', 'Verdict', 'Recovery time', 'Database'],
    drill.trend.points
      .toReversed()
      .map(({ at, verdict, recoveryMs, databaseBytes }) => [
        timeWords(at),
        verdictWords[verdict],
        durationWords(hasRecovered(verdict) ? recoveryMs : null),
        bytesWords(databaseBytes),
      ]),
  );
}

function facts(named: readonly NamedFact[]): string[] {
  return table(
    ['', ''],
    named.map(({ name, value, kind }) => [plain(name), kind === 'code' ? code(value) : plain(value)]),
  );
}
