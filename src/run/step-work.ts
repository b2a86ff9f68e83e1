import { defined } from '../base/defined.ts';
import { resolve } from 'node:path';
import { interpolate, interpolateText, type InterpolationScope } from '../language/plan/interpolate.ts';
import { interpolateScript } from '../language/plan/interpolate-script.ts';
import type { TaskContext, TaskResult } from '../task/contract.ts';
import type { AttemptWork } from './attempt.ts';
import type { PipelineStep } from './pipeline.ts';
import type { RunContext } from './run-context.ts';
import { askForSignOff } from './sign-off.ts';
import { Failure } from '../base/failure.ts';
import { markReport, readTestReport, type ReportMark, type TestReport } from '../check/junit/test-report.ts';

/** What `when` may come out as for the step to be skipped. */
const falsehoods: ReadonlySet<string> = new Set(['', 'false', 'no', '0']);

export function scopeOf({ run, pipeline, outputs }: RunContext): InterpolationScope {
  return { parameters: pipeline.parameters, run: { id: run.id, scratch: run.scratch }, steps: outputs };
}

/** Whether the step's `when` lets it run. @throws Failure `plan-invalid` for a name without a value */
export function isWanted(step: PipelineStep, scope: InterpolationScope): boolean {
  if (step.when === undefined) return true;
  return !falsehoods.has(interpolateText(step.when, scope).trim().toLowerCase());
}

/**
 * The step's work with every `${…}` replaced.
 * @throws Failure `plan-invalid` for a name without a value, or a value that the task's schema does not want
 */
export function prepareWork(step: PipelineStep, context: RunContext, scope: InterpolationScope): AttemptWork {
  const { work } = step;
  if (work.kind === 'task') {
    const parameters = work.fit(interpolate(work.parameters, scope));
    return (lent) => work.task.run(lent, { ...parameters });
  }
  if (work.kind === 'confirm') {
    const text = interpolateText(work.text, scope);
    return (lent) => askForSignOff(context.host, { step: step.id, text }, lent);
  }
  const { script, environment } = interpolateScript(work.script, scope);
  const optional = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : interpolateText(text, scope);
  const command = { script, values: environment, cwd: optional(work.cwd) };
  const junit = optional(work.junit);
  return (lent) =>
    withTestReport(
      junit === undefined ? undefined : resolve(context.host.workingFolder, command.cwd ?? '', junit),
      () => runScript(lent, context, command),
    );
}

interface ShellCommand {
  readonly script: string;
  /** The interpolated values, as variables. */
  readonly values: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

async function runScript(
  lent: TaskContext,
  context: RunContext,
  { script, values, cwd }: ShellCommand,
): Promise<TaskResult> {
  const variables = await context.host.scriptVariables(lent.environment, context.run, lent.folder);
  await lent.commands.shell(script, {
    environment: { ...variables, ...values },
    ...defined({ cwd }),
  });
  return {};
}

/**
 * Runs a command that writes a JUnit report and puts the report's counts beside its result, also when the command
 * failed. A report that was there before counts for nothing.
 * @throws Failure `check-failed` when the command succeeded and its report is missing, unreadable, red, or proves
 * nothing because no test was run
 */
async function withTestReport(
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
    ...defined({ hint, where, cause }),
    facts: { ...error.facts, tests },
  });
}
