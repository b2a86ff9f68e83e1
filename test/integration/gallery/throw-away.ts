import { randomBytes } from 'node:crypto';
import type { Environment, PostgresEndpoint } from '../../../src/language/environment/environment.ts';
import type { PostgresRestoreParameters } from '../../../src/language/generated/postgres-restore.types.ts';
import postgresRestore from '../../../tasks/postgres-restore.ts';
import restoreCompare from '../../../tasks/restore-compare.ts';
import { attempt, type AttemptOptions } from '../task/attempt.ts';

/** Restores an artifact and compares it, as a drill in an ephemeral environment does. */
export async function intoThrowAwayCluster(
  cluster: PostgresEndpoint,
  artifact: string,
  source: AttemptOptions,
  parameters: PostgresRestoreParameters = {},
): Promise<void> {
  const environment: Environment = { name: 'scratch', protected: false, ephemeral: true };
  const options: AttemptOptions = {
    ...source,
    environment,
    others: [{ environment: source.environment, repository: source.repository }],
    startCluster: () => Promise.resolve(cluster),
  };
  const database = `gallery_${randomBytes(6).toString('hex')}`;
  const { result } = await attempt(
    postgresRestore,
    { from: 'test', artifact, database, privileges: 'restore', ...parameters },
    options,
  );
  const { restored } = result;
  if (restored === undefined) throw new Error('nothing was restored');
  const postgres = { ...restored.postgres, database };
  const compared = { ...options, environment: { ...environment, postgres }, restored };
  await attempt(restoreCompare, { artifact, from: 'test' }, compared);
}
