import { Failure } from '../base/failure.ts';
import { markReport, readTestReport, type ReportMark, type TestReport } from '../check/junit/test-report.ts';
import type { TaskResult } from '../task/contract.ts';

/**
 * Runs a command that writes a JUnit report and puts the report's counts beside its result, also when the command
 * failed. A report that was there before counts for nothing.
 * @throws Failure `check-failed` when the command succeeded and its report is missing, unreadable, red, or proves
 * nothing because no test was run
 */
export async function withTestReport(
  path: string | undefined,
  command: () => Promise<TaskResult>,
): Promise<TaskResult> {
  if (path === undefined) return command();
  const mark = await markReport(path);
  let result: TaskResult;
  try {
    result = await command();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const report = await findReport(mark);
    throw report === undefined ? error : withFacts(error, report);
  }
  const tests = await readTestReport(mark);
  const facts = { ...result.facts, tests };
  const fault = faultOf(tests);
  if (fault === undefined) return { ...result, facts };
  throw new Failure('check-failed', `the command ended well, and ${fault}`, { where: path, facts });
}

/** Why a report is no proof that tests passed. */
function faultOf({ tests, failures, errors, skipped }: TestReport): string | undefined {
  const red = failures + errors;
  if (red > 0) return `its report has ${red === 1 ? 'a failed test' : `${red} failed tests`}`;
  if (tests === 0) return 'its report has no test';
  return skipped >= tests
    ? `skipped ${tests === 1 ? 'its one test' : `all of its ${tests} tests`}`
    : undefined;
}

/** A command that failed may have left no report, which is not what went wrong. */
async function findReport(mark: ReportMark): Promise<TestReport | undefined> {
  try {
    return await readTestReport(mark);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function withFacts(error: Failure, tests: TestReport): Failure {
  const { code, message, hint, where, cause } = error;
  return new Failure(code, message, {
    ...(hint !== undefined && { hint }),
    ...(where !== undefined && { where }),
    ...(cause !== undefined && { cause }),
    facts: { ...error.facts, tests },
  });
}
