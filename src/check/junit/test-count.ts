import type { TestReport } from './test-report.ts';

type Attributes = Readonly<Record<string, string>>;
type Outcome = 'failures' | 'errors' | 'skipped';

/** Counts tests while the elements of a report pass. */
export interface TestCount {
  /** Name of the first element. */
  readonly root: string | undefined;
  readonly open: (name: string, attributes: Attributes) => void;
  readonly text: (text: string) => void;
  readonly close: (name: string) => void;
  readonly report: () => TestReport;
}

/** Failed tests that are kept by name, and characters of each one's name and message. */
const keptFailures = 50;
const keptCharacters = 500;

const outcomes: Readonly<Record<string, Outcome>> = {
  failure: 'failures',
  error: 'errors',
  skipped: 'skipped',
};

/**
 * A test has one outcome, whatever number of failures it names: an error or a failure wins over `skipped`, and the first
 * of them over the next. What suites say of their failures and errors counts too where it is more than their tests
 * show, because a suite that broke before its first test has none.
 */
export function createTestCount(): TestCount {
  const counts = { tests: 0, failures: 0, errors: 0, skipped: 0 };
  const claimed = { failures: 0, errors: 0 };
  const failed: { name: string; message: string }[] = [];
  const suites: string[] = [];
  let root: string | undefined;
  let seconds = 0;
  let testCase: { readonly name: string; outcome: Outcome | undefined } | undefined;
  let failure: { name: string; message: string } | undefined;

  function openSuite(name: string, attributes: Attributes): void {
    // Outer suites have counted their inner ones; `testsuites` need not say anything.
    if (suites.length === 0 && name === 'testsuite') {
      claimed.failures += numberOf(attributes['failures']);
      claimed.errors += numberOf(attributes['errors']);
    }
    if (name === 'testsuite') suites.push(attributes['name'] ?? '');
  }

  function openCase(attributes: Attributes): void {
    counts.tests += 1;
    seconds += numberOf(attributes['time']);
    const parts = [attributes['classname'], attributes['name']];
    testCase = { name: parts.filter(isSaid).join('.').slice(0, keptCharacters), outcome: undefined };
  }

  function openOutcome(outcome: Outcome, attributes: Attributes): void {
    if (testCase === undefined && outcome === 'skipped') return;
    const before = testCase?.outcome;
    if (before === 'failures' || before === 'errors' || before === outcome) return;
    if (before === 'skipped') counts.skipped -= 1;
    counts[outcome] += 1;
    if (testCase !== undefined) testCase.outcome = outcome;
    if (outcome === 'skipped') return;
    const name = testCase?.name ?? suites.findLast(isSaid) ?? 'a suite';
    failure = { name, message: (attributes['message'] ?? '').trim() };
    if (failed.length < keptFailures) failed.push(failure);
  }

  return {
    get root() {
      return root;
    },
    open: (name, attributes) => {
      root ??= name;
      const outcome = outcomes[name];
      if (name === 'testsuite') openSuite(name, attributes);
      else if (name === 'testcase') openCase(attributes);
      else if (outcome !== undefined) openOutcome(outcome, attributes);
    },
    text: (text) => {
      // The message attribute says it in short; a report without one has it as text.
      if (failure?.message === '') failure.message = text.trim().slice(0, keptCharacters);
    },
    close: (name) => {
      if (name === 'testsuite') suites.pop();
      if (name === 'testcase') testCase = undefined;
      if (outcomes[name] !== undefined) failure = undefined;
    },
    report: () => ({
      ...counts,
      failures: Math.max(counts.failures, claimed.failures),
      errors: Math.max(counts.errors, claimed.errors),
      durationMs: Math.round(seconds * 1000),
      failed: failed.map(({ name, message }) => ({ name, message: message.slice(0, keptCharacters) })),
    }),
  };
}

function isSaid(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

/** Surefire writes `1,234.5`. */
function numberOf(text: string | undefined): number {
  const number = Number(text?.replaceAll(',', '') ?? 0);
  return Number.isFinite(number) && number > 0 ? number : 0;
}
