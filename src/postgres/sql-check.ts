import { Failure } from '../base/failure.ts';
import { renderPlanDuration } from '../base/quantity/duration.ts';
import type { Session, StatementResult } from './connect.ts';
import { describeExpectation, judgeResult, type Expectation, type Verdict } from './expectation.ts';

/** A statement and what its one value is to be. */
export interface SqlCheck {
  readonly name: string;
  readonly sql: string;
  readonly expect?: Expectation;
}

/** SQLSTATE of a statement that a limit or somebody else has ended. */
const cancelled = '57014';
/** What the server can count; 0 would be no limit at all. */
const longestTimeoutMs = 2 ** 31 - 1;

/**
 * Runs one check in a read-only transaction of its own, for at most `timeoutMs`. An error of the statement is a failed
 * check; what ends the session is not.
 * @throws Failure `postgres-connection-lost`; the reason of the session's signal
 */
export async function runSqlCheck(session: Session, check: SqlCheck, timeoutMs: number): Promise<Verdict> {
  await session.query('begin read only');
  const startedMs = performance.now();
  try {
    return judgeResult(await readTwoRows(session, check.sql, timeoutMs), check.expect);
  } catch (error) {
    if (!isOfTheStatement(error) || session.lost.aborted) throw error;
    return {
      passed: false,
      expected: describeExpectation(check.expect),
      found: 'an error',
      message: wordsOf(error, timeoutMs, performance.now() - startedMs),
    };
  } finally {
    // On a session that is gone this fails too, and the first error says why.
    await session.query('rollback').catch(() => undefined);
  }
}

/** Through a cursor, so that a statement that gives a whole table does not fill the memory. */
async function readTwoRows(session: Session, sql: string, timeoutMs: number): Promise<StatementResult> {
  await session.query(
    `select set_config(name, case name when 'statement_timeout' then $1 when 'cursor_tuple_fraction' then '1' else '5s' end, true)
       from pg_settings
      where name in ('statement_timeout', 'cursor_tuple_fraction', 'client_connection_check_interval')`,
    [String(Math.min(Math.max(timeoutMs, 1), longestTimeoutMs))],
  );
  await session.statement(`declare run_plan_check no scroll cursor for ${sql}`);
  return session.statement('fetch 2 from run_plan_check');
}

function isOfTheStatement(error: unknown): error is Failure {
  return (
    error instanceof Failure && (error.code === 'postgres-query' || error.code === 'postgres-permission')
  );
}

/** The state of a statement that its time limit has ended is that of one that an administrator has ended. */
function wordsOf(error: Failure, timeoutMs: number, elapsedMs: number): string {
  const { cause, fields } = error;
  if (fields.sqlstate === cancelled && elapsedMs >= timeoutMs)
    return `it did not end within ${renderPlanDuration(timeoutMs)}`;
  // The server's own words: which database it is, the step says.
  return cause instanceof Error ? cause.message : error.message;
}
