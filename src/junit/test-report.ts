import { readFile, stat } from 'node:fs/promises';
import { Failure } from '../failure.ts';

/** What a JUnit XML report says of its tests. */
export interface TestReport {
  readonly tests: number;
  readonly failures: number;
  readonly errors: number;
  readonly skipped: number;
  /** Sum of the suites' own times, milliseconds. */
  readonly durationMs: number;
  /** Of the tests that failed, the first so many. */
  readonly failed: readonly { readonly name: string; readonly message: string }[];
}

/** Greatest accepted size of a report, bytes: some 100,000 tests. */
const reportBytesLimit = 64 * 1024 * 1024;
/** Failed tests that are kept by name, and characters of each one's message. */
const keptFailures = 50;
const keptCharacters = 500;
/** A file system may keep times in whole seconds. */
const timeToleranceMs = 1000;

/**
 * Reads a report that was written since `notBefore`.
 * @throws Failure `check-failed` when there is none, it is older, or it is no JUnit XML
 */
export async function readTestReport(path: string, notBefore: Date): Promise<TestReport> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw unusable(path, 'there is no test report');
  if (found.mtimeMs < notBefore.getTime() - timeToleranceMs)
    throw unusable(path, 'the test report is older than this run of the command');
  if (found.size > reportBytesLimit) throw unusable(path, 'the test report is larger than 64 MiB');
  return parseTestReport(await readFile(path, 'utf8'), path);
}

/** The counts of a report's text; `path` is for messages. @throws Failure `check-failed` */
export async function parseTestReport(text: string, path: string): Promise<TestReport> {
  const { SaxesParser } = await import('saxes');
  const count = createCount();
  const parser = new SaxesParser();
  let root: string | undefined;
  let fault: string | undefined;
  parser.on('opentag', ({ name, attributes }) => {
    root ??= name;
    count.open(name, attributes);
  });
  parser.on('text', count.text);
  parser.on('cdata', count.text);
  parser.on('closetag', ({ name }) => {
    count.close(name);
  });
  parser.on('error', ({ message }) => {
    fault ??= message;
  });
  parser.write(text).close();
  if (fault !== undefined) throw unusable(path, `the test report is no XML (${fault})`);
  if (root !== 'testsuites' && root !== 'testsuite')
    throw unusable(path, `the test report is no JUnit XML (it begins with <${String(root)}>)`);
  return count.report();
}

type Attributes = Readonly<Record<string, string>>;

/** Counts test cases while their elements pass. */
function createCount() {
  const counts = { tests: 0, failures: 0, errors: 0, skipped: 0 };
  const failed: { name: string; message: string }[] = [];
  let seconds = 0;
  let testCase: { readonly name: string; outcome?: 'failures' | 'errors' | 'skipped' } | undefined;
  let failure: { message: string } | undefined;

  function begin(outcome: 'failures' | 'errors' | 'skipped', { message }: Attributes): void {
    if (testCase === undefined || testCase.outcome !== undefined) return;
    testCase.outcome = outcome;
    counts[outcome] += 1;
    if (outcome === 'skipped') return;
    failure = { message: message ?? '' };
    if (failed.length < keptFailures) failed.push(Object.assign(failure, { name: testCase.name }));
  }

  return {
    open: (name: string, attributes: Attributes): void => {
      if (name === 'testcase') {
        counts.tests += 1;
        seconds += Number(attributes['time'] ?? 0) || 0;
        const parts = [attributes['classname'], attributes['name']];
        testCase = { name: parts.filter((part) => part !== undefined && part !== '').join('.') };
      } else if (name === 'failure') begin('failures', attributes);
      else if (name === 'error') begin('errors', attributes);
      else if (name === 'skipped') begin('skipped', attributes);
    },
    text: (text: string): void => {
      // The message attribute says it in short; a report without one has it as text.
      if (failure?.message.trim() === '') failure.message = text.trim().slice(0, keptCharacters);
    },
    close: (name: string): void => {
      if (name === 'testcase') testCase = undefined;
      if (name === 'failure' || name === 'error') failure = undefined;
    },
    report: (): TestReport => ({
      ...counts,
      durationMs: Math.round(seconds * 1000),
      failed: failed.map(({ name, message }) => ({ name, message: message.slice(0, keptCharacters) })),
    }),
  };
}

function unusable(path: string, what: string): Failure {
  return new Failure('check-failed', `${what}: ${path}`, {
    hint: "the step's 'junit' names the file that its command writes, relative to 'cwd' (pytest: --junitxml=report.xml)",
    where: path,
  });
}
