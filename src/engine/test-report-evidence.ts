import { Failure } from '../failure.ts';
import { readTestReport, type TestReport } from '../junit/test-report.ts';
import type { TaskResult } from '../task/contract.ts';

/**
 * Runs a command that writes a JUnit report and puts the report's counts beside its result, also when the command
 * failed. A report that was there before counts for nothing.
 * @throws Failure `check-failed` when the command succeeded and its report is missing, unreadable, red or empty
 */
export async function withTestReport(
  path: string | undefined,
  command: () => Promise<TaskResult>,
): Promise<TaskResult> {
  if (path === undefined) return command();
  const startedAt = new Date();
  let result: TaskResult;
  try {
    result = await command();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const report = await readTestReport(path, startedAt).catch(() => undefined);
    throw report === undefined ? error : withFacts(error, report);
  }
  const tests = await readTestReport(path, startedAt);
  const facts = { ...result.facts, tests };
  const red = tests.failures + tests.errors;
  if (red > 0)
    throw new Failure('check-failed', `the command ended well, and its report has ${red} failed tests`, {
      where: path,
      facts,
    });
  if (tests.tests === 0)
    throw new Failure('check-failed', 'the command ended well, and its report has no test', {
      where: path,
      facts,
    });
  return { ...result, facts };
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
