import type {
  DrillEvidence,
  EvidenceCheck,
  EvidenceStep,
} from '../../language/generated/drill-evidence.types.ts';
import { markup, render, type Markup } from './markup.ts';
import { againstWords } from './words.ts';

interface TestCase {
  readonly group: string;
  readonly name: string;
  readonly durationMs: number;
  readonly failure?: { readonly type: string; readonly message: string; readonly details: string };
  readonly skipped?: string;
}

/** A drill as JUnit XML: one test case for each step, check, objective and question to a person. */
export function renderJunit(drill: DrillEvidence): string {
  const suites: readonly (readonly [name: string, cases: readonly TestCase[]])[] = [
    ['steps', drill.steps.map(stepCase)],
    ['checks', drill.checks.map(checkCase)],
    ['objectives', objectiveCases(drill)],
    ['sign-offs', drill.signOffs.map(signOffCase)],
  ];
  const full = suites.filter(([, cases]) => cases.length > 0);
  const all = full.flatMap(([, cases]) => cases);
  const body = full.map(([name, cases]) => suite(drill, name, cases));
  return render(markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="${drill.runId}" ${counts(all)} time="${seconds(drill.run.durationMs)}">
${body}</testsuites>
`);
}

function suite(drill: DrillEvidence, name: string, cases: readonly TestCase[]): Markup {
  const time = cases.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return markup`  <testsuite name="${drill.plan}: ${name}" ${counts(cases)} time="${seconds(time)}" timestamp="${drill.run.startedAt.replace(/(?:\.\d+)?Z$/, '')}" hostname="${drill.where.host}">
${cases.map((each) => testCase(`${drill.plan}.${each.group}`, each))}  </testsuite>
`;
}

function testCase(className: string, { name, durationMs, failure, skipped }: TestCase): Markup {
  const start = markup`    <testcase classname="${className}" name="${name}" time="${seconds(durationMs)}"`;
  if (failure !== undefined) {
    const { type, message, details } = failure;
    return markup`${start}>
      <failure type="${type}" message="${message}">${details}</failure>
    </testcase>
`;
  }
  if (skipped === undefined) return markup`${start}/>\n`;
  return markup`${start}>
      <skipped message="${skipped}"/>
    </testcase>
`;
}

function counts(cases: readonly TestCase[]): Markup {
  const failed = cases.filter(({ failure }) => failure !== undefined).length;
  const skipped = cases.filter((each) => each.skipped !== undefined).length;
  return markup`tests="${cases.length}" failures="${failed}" errors="0" skipped="${skipped}"`;
}

function stepCase({ id, name, phase, durationMs, outcome, reason, error }: EvidenceStep): TestCase {
  const own = { group: phase, name: name === id ? id : `${id}: ${name}`, durationMs };
  if (outcome === 'failed') {
    const message = error?.message ?? 'the step failed';
    const details = [message, error?.where, error?.hint]
      .filter((line) => line !== undefined && line !== null)
      .join('\n');
    return { ...own, failure: { type: error?.code ?? 'failed', message, details } };
  }
  if (outcome === 'succeeded') return own;
  return { ...own, skipped: `${outcome}${reason === null ? '' : `: ${reason}`}` };
}

function checkCase({ step, name, state, expected, found, message, durationMs }: EvidenceCheck): TestCase {
  const own = { group: `checks.${step}`, name, durationMs: durationMs ?? 0 };
  if (state === 'passed') return own;
  const difference =
    expected === null && found === null ? null : `expected ${expected ?? '?'}, found ${found ?? '?'}`;
  const told = [message, difference].filter((line) => line !== null);
  return {
    ...own,
    failure: { type: 'check-failed', message: told[0] ?? 'the check failed', details: told.join('\n') },
  };
}

function objectiveCases({ recoveryTime, recoveryPointAge }: DrillEvidence): TestCase[] {
  const judged = [
    ['RTO', recoveryTime.state, againstWords(recoveryTime.durationMs, recoveryTime.rtoMs)],
    ['RPO', recoveryPointAge.state, againstWords(recoveryPointAge.ageMs, recoveryPointAge.rpoMs)],
  ] as const;
  return judged.flatMap(([name, state, words]): TestCase[] => {
    const own = { group: 'objectives', name, durationMs: 0 };
    if (state === 'no-objective') return [];
    if (state === 'met') return [own];
    if (state === 'unknown') return [{ ...own, skipped: 'unknown: the recovery did not come to its end' }];
    const message = `${name} missed: ${words}`;
    return [{ ...own, failure: { type: 'objective-missed', message, details: message } }];
  });
}

function signOffCase({ check, text, state, by, note }: DrillEvidence['signOffs'][number]): TestCase {
  const own = { group: 'sign-offs', name: `${check}: ${text}`, durationMs: 0 };
  if (state === 'signed') return own;
  if (state === 'open') return { ...own, skipped: 'open: nobody has signed it off yet' };
  const message = `${by ?? 'somebody'} did not sign it off`;
  return { ...own, failure: { type: 'check-failed', message, details: note ?? message } };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
