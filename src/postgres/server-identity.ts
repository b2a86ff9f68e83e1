import { Failure } from '../base/failure.ts';

/** Which server has answered: no two are the same, a standby is not its primary, and one that was started anew is another. */
export interface ServerIdentity {
  /** When it was started, to the microsecond, UTC. */
  readonly startedAt: string;
  /** Its own address and version, for people. */
  readonly where: string;
}

/** Columns of a statement that every role may ask. */
export const identityColumns = `
  to_char(pg_catalog.pg_postmaster_start_time() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "startedAt",
  coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'a Unix socket')
    || ' (PostgreSQL ' || current_setting('server_version') || ')' as "where"`;

/**
 * Several servers may answer to one name, or behind one address. `who` has reached `found`.
 * @throws Failure `target-refused` naming both when it is not the server that is `meant`
 */
export function checkSameServer(meant: ServerIdentity, found: ServerIdentity, who: string): void {
  if (meant.startedAt === found.startedAt) return;
  const [first, second] = [meant, found].map(({ where, startedAt }) => `${where}, started at ${startedAt}`);
  throw new Failure(
    'target-refused',
    `${who} reached another server than the one that was looked at: ${second ?? ''}; looked at was ${first ?? ''}`,
    { hint: "Name one server in the environment's postgres, not a name or a balancer of several." },
  );
}
