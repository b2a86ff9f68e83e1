import type { PostgresEndpoint } from '../../language/environment/environment.ts';
import { Failure } from '../../base/failure.ts';
import { connect } from '../../postgres/connect.ts';
import { runSqlCheck } from '../../postgres/sql-check.ts';
import { renderPlanDuration } from '../../base/quantity/duration.ts';
import type { Secrets } from '../../language/secret-reference.ts';
import type { Probe } from './watch.ts';

export interface SqlProbeOptions {
  readonly name: string;
  /** One SELECT of one boolean: true is good. */
  readonly sql: string;
  readonly endpoint: PostgresEndpoint;
  readonly secrets: Secrets;
  readonly applicationName: string;
  readonly timeoutMs: number;
}

/** Logs in anew and asks, read only: a session that is kept would hide a server that takes no new ones. */
export function sqlProbe(options: SqlProbeOptions): Probe {
  const { name, sql, endpoint, secrets, applicationName, timeoutMs } = options;
  return {
    name,
    ask: async (signal) => {
      const limit = AbortSignal.timeout(timeoutMs);
      try {
        await using session = await connect(endpoint, {
          secrets,
          applicationName,
          signal: AbortSignal.any([signal, limit]),
          operator: true,
        });
        const { passed, found, message } = await runSqlCheck(session, { name, sql }, timeoutMs);
        return passed ? undefined : (message ?? `gave ${found}`);
      } catch (error) {
        signal.throwIfAborted();
        if (limit.aborted) return `no answer within ${renderPlanDuration(timeoutMs)}`;
        if (error instanceof Failure) return error.message;
        throw error;
      }
    },
  };
}
