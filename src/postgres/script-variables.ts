import type { Environment, PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import { endpointVariables, type Variables } from './program.ts';
import type { Secrets } from '../language/secret-reference.ts';

export interface ScriptVariablesOptions {
  readonly secrets: Secrets;
  /** A private folder of the run's; the password file is written there. */
  readonly folder: string;
  /** The run's: its sessions are found and ended by it. */
  readonly applicationName: string;
  /** Whether the plan says `writes:` this environment. */
  readonly mayWrite: boolean;
}

/**
 * What an operator's `run:` step gets beside the inherited variables: the environment's database as `PGHOST` and the
 * like, and as `DATABASE_URL` (without the password, which libpq and its followers read from `PGPASSFILE`). In a
 * protected environment that the plan does not say it writes to, sessions begin read-only (promise 3).
 */
export async function scriptVariables(
  environment: Environment,
  options: ScriptVariablesOptions,
): Promise<Variables> {
  const { postgres } = environment;
  if (postgres === undefined && environment.ephemeral === true) {
    // Without variables of ours the command would reach whatever database the caller's own variables name.
    throw new Failure(
      'environment-incomplete',
      `nothing was restored yet into the throw-away cluster of '${environment.name}'`,
      {
        hint: 'put the step after one that restores',
      },
    );
  }
  if (postgres === undefined) return {};
  const readOnly = environment.protected && !options.mayWrite;
  return {
    ...(await endpointVariables(postgres, { ...options, readOnly })),
    DATABASE_URL: databaseUrl(postgres),
  };
}

function databaseUrl({ host, port, database, user, sslmode }: PostgresEndpoint): string {
  const authority = host.startsWith('/') ? '' : `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
  const parameters = { ...(host.startsWith('/') && { host, port: String(port) }), sslmode };
  // Not URLSearchParams: libpq takes its + for a plus.
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `postgresql://${encodeURIComponent(user)}@${authority}/${encodeURIComponent(database)}?${query.join('&')}`;
}
