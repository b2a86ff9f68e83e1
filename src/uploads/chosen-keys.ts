import { applicationName } from '../postgres/application-name.ts';
import { connect, type Session } from '../postgres/connect.ts';
import { endBackends } from '../postgres/end-backends.ts';
import type { PostgresEndpoint } from '../environment/environment.ts';
import { Failure } from '../failure.ts';
import type { TaskContext } from '../task/contract.ts';
import type { KeyHistory } from './key-history.ts';
import { compareKeys } from './key-order.ts';

/** Those histories whose keys are among the chosen ones; both in the order of the keys' bytes. */
export async function* onlyKeys(
  histories: AsyncIterable<KeyHistory>,
  keys: AsyncIterable<{ readonly key: string }>,
): AsyncGenerator<KeyHistory> {
  const iterator = keys[Symbol.asyncIterator]();
  try {
    let next = await iterator.next();
    for await (const history of histories) {
      while (next.done !== true && compareKeys(next.value.key, history.key) < 0) next = await iterator.next();
      if (next.done === true) return;
      if (next.value.key === history.key) yield history;
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * A session with the database that the step's rows are in: what this run has restored, otherwise the environment's. It
 * is ended on the server however the step ends.
 * @throws Failure `environment-incomplete`, `postgres-*`
 */
export async function openRows(
  context: Pick<TaskContext, 'environment' | 'secrets' | 'signal' | 'run' | 'onEnd' | 'report'>,
  endpoint: PostgresEndpoint | undefined,
): Promise<Session> {
  if (endpoint === undefined) {
    throw new Failure(
      'environment-incomplete',
      `the environment ${context.environment.name} has no postgres`,
      {
        hint: 'Put the step after one that restores.',
      },
    );
  }
  const { secrets, run, signal } = context;
  context.report.phase(`connecting to ${endpoint.database}`);
  const session = await connect(endpoint, { secrets, applicationName: applicationName(run.id), signal });
  context.onEnd('end the session on the server', async () => {
    await session.close();
    if (signal.aborted) await endBackends(endpoint, { secrets, runId: run.id });
  });
  return session;
}
