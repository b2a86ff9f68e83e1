import { Failure } from '../base/failure.ts';
import type { Session } from './connect.ts';

/**
 * What a question within a transaction gives, or why the server refused it: the transaction goes on either way.
 * @throws Failure when the session is lost or aborted
 */
export async function orWhyNot<Result>(
  session: Session,
  ask: () => Promise<Result>,
): Promise<Result | Failure> {
  await session.query('savepoint asking');
  try {
    const result = await ask();
    await session.query('release savepoint asking');
    return result;
  } catch (error) {
    if (!(error instanceof Failure) || error.fields.sqlstate === undefined || session.lost.aborted)
      throw error;
    await session.query('rollback to savepoint asking; release savepoint asking');
    return error;
  }
}
