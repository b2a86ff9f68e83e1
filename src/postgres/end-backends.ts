import { defined } from '../base/defined.ts';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import type { Secrets } from '../language/secret-reference.ts';
import { applicationName } from './application-name.ts';
import { connect } from './connect.ts';

/**
 * Ends what a run still has open on a server: every session whose application_name is the run's, over a connection of
 * its own, because a backend that waits for a lock does not notice that its client is gone. The session that holds the
 * run's lock bears another name and stays. Returns how many were told to end.
 * @throws Failure `postgres-*` when the server does not answer.
 */
export async function endBackends(
  endpoint: PostgresEndpoint,
  options: { readonly secrets: Secrets; readonly runId: string; readonly signal?: AbortSignal },
): Promise<number> {
  await using session = await connect(endpoint, {
    secrets: options.secrets,
    applicationName: applicationName(options.runId, 'clean-up'),
    ...defined({ signal: options.signal }),
  });
  const rows = await session.query<{ ended: boolean }>(
    `select pg_terminate_backend(pid) as ended
       from pg_stat_activity
      where application_name = $1 and pid <> pg_backend_pid()`,
    [applicationName(options.runId)],
    'ending the sessions of the run',
  );
  return rows.filter((row) => row.ended).length;
}
