import { applicationName } from '../postgres/application-name.ts';
import { connect, type Session } from '../postgres/connect.ts';
import { endBackends } from '../postgres/end-backends.ts';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { TaskContext } from '../task/contract.ts';
import type { KeyHistory } from './key-history.ts';
import { compareKeys } from '../s3/key-order.ts';
import { namedKeys } from './refused-keys.ts';

/** What a query of keys gave, each key counted once. */
export interface KeyTally {
  keys: number;
  /** Those that no version in the bucket bears; the first few by name. */
  missing: number;
  readonly firstMissing: string[];
}

export function emptyTally(): KeyTally {
  return { keys: 0, missing: 0, firstMissing: [] };
}

/** Those histories whose keys are among the chosen ones; both in the order of the keys' bytes. */
export async function* onlyKeys(
  histories: AsyncIterable<KeyHistory>,
  keys: AsyncIterable<{ readonly key: string }>,
  tally: KeyTally = emptyTally(),
): AsyncGenerator<KeyHistory> {
  const wanted = distinct(keys, tally);
  const bucket = histories[Symbol.asyncIterator]();
  try {
    let history = await bucket.next();
    for await (const key of wanted) {
      while (history.done !== true && compareKeys(history.value.key, key) < 0) history = await bucket.next();
      if (history.done !== true && history.value.key === key) yield history.value;
      else noteMissing(tally, key);
    }
  } finally {
    await bucket.return?.();
  }
}

/** Several rows may name one key. */
async function* distinct(
  rows: AsyncIterable<{ readonly key: string }>,
  tally: KeyTally,
): AsyncGenerator<string> {
  let last: string | undefined;
  for await (const { key } of rows) {
    if (key === last) continue;
    last = key;
    tally.keys += 1;
    yield key;
  }
}

function noteMissing(tally: KeyTally, key: string): void {
  tally.missing += 1;
  if (tally.firstMissing.length < namedKeys) tally.firstMissing.push(key);
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
  const session = await connect(endpoint, {
    secrets,
    applicationName: applicationName(run.id),
    signal,
    operator: true,
  });
  context.onEnd('end the session on the server', async () => {
    await session.close();
    if (signal.aborted) await endBackends(endpoint, { secrets, runId: run.id });
  });
  return session;
}
