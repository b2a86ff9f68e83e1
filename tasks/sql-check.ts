import { defaults } from '../src/language/generated/sql-check.defaults.ts';
import { defined } from '../src/base/defined.ts';
import type { Environment } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { applicationName } from '../src/postgres/application-name.ts';
import { connect, type Session } from '../src/postgres/connect.ts';
import { endBackends } from '../src/postgres/end-backends.ts';
import { describeExpectation } from '../src/postgres/expectation.ts';
import { runSqlCheck } from '../src/postgres/sql-check.ts';
import { durationOf } from '../src/base/quantity/duration.ts';
import type { SqlCheckParameters } from '../src/language/generated/sql-check.types.ts';
import { checkFailure } from '../src/task/check-failure.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import type { CheckFact } from '../src/language/facts.ts';
import parametersSchema from '../schemas/tasks/sql-check.schema.json' with { type: 'json' };

const task: Task<SqlCheckParameters> = {
  name: 'sql-check',
  description: 'Asserts what the database holds, by SQL that reads and nothing else',
  needs: ['postgres'],
  writes: [],
  role: 'check',
  outputs: [],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

/** Of one statement, milliseconds. */

function describe({ checks }: SqlCheckParameters, environment: Environment): readonly string[] {
  const database = environment.postgres?.database ?? 'what was restored';
  return checks.map(({ name, expect }) => `read ${database}: ${name} (${describeExpectation(expect)})`);
}

async function run(context: TaskContext, parameters: SqlCheckParameters): Promise<TaskResult> {
  const { environment, report, secrets, signal } = context;
  const endpoint = environment.postgres;
  if (endpoint === undefined)
    throw new Failure('environment-incomplete', `The environment ${environment.name} has no postgres`, {
      hint: 'Put the step after one that restores.',
    });
  let isOver = false;
  context.onEnd('end the session on the server', async () => {
    if (!isOver) await endBackends(endpoint, { secrets, runId: context.run.id });
  });
  report.phase(`connecting to ${endpoint.database}`);
  const facts: CheckFact[] = [];
  try {
    await using session = await connect(endpoint, {
      secrets,
      applicationName: applicationName(context.run.id),
      signal,
      operator: true,
    });
    await runChecks(context, parameters, session, facts);
    isOver = true;
  } catch (error) {
    throw withFacts(error, facts);
  }
  const failure = checkFailure(`the database ${endpoint.database}`, facts);
  if (failure !== undefined) throw failure;
  return { facts: { checks: facts } };
}

/** One after the other, also after one that failed. */
async function runChecks(
  { report, clock }: TaskContext,
  { checks, timeout }: SqlCheckParameters,
  session: Session,
  facts: CheckFact[],
): Promise<void> {
  const timeoutMs = durationOf(timeout ?? defaults.timeout);
  for (const [index, check] of checks.entries()) {
    report.phase(`${index + 1} of ${checks.length}: ${check.name}`);
    const startedMs = clock.monotonicMs();
    const { passed, ...verdict } = await runSqlCheck(session, check, timeoutMs);
    const durationMs = Math.round(clock.monotonicMs() - startedMs);
    facts.push({ name: check.name, state: passed ? 'passed' : 'failed', ...verdict, durationMs });
  }
}

/** What was found before the session broke is evidence all the same. */
function withFacts(error: unknown, checks: readonly CheckFact[]): unknown {
  if (!(error instanceof Failure) || error.code !== 'postgres-connection-lost') return error;
  const { code, message, hint, cause, fields } = error;
  return new Failure(code, message, {
    ...defined({ hint }),
    cause,
    fields,
    facts: { checks },
  });
}
