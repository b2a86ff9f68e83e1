import type { UnfinishedRestore } from '../restore/unfinished-restore.ts';
import type { Environment, PostgresEndpoint } from '../language/environment/environment.ts';
import type { ConnectOptions, Session } from '../postgres/connect.ts';
import type { RestoreTarget } from '../postgres/restore-target.ts';
import type { Plans } from '../task/plans.ts';

/** What the server shows for sessions that only look. */
const lookerName = 'run-plan restore';

/** The server of an environment and a database on it, as they are now; changes nothing. @throws Failure `postgres-*`, `target-refused` */
export async function lookAtTarget(
  plans: Plans,
  endpoint: PostgresEndpoint,
  database: string,
): Promise<RestoreTarget> {
  const options = lookOptions(plans);
  const { inspectTarget } = await import('../postgres/restore-target.ts');
  await using maintenance = await openMaintenance(endpoint, options);
  return await inspectTarget(maintenance, { ...endpoint, database });
}

/** A database that a restore has left unfinished. */
export interface Unfinished {
  readonly database: string;
  readonly unfinished: UnfinishedRestore;
}

/** The unfinished restores on an environment's server. @throws Failure `postgres-*` */
export async function findUnfinished(
  plans: Plans,
  endpoint: PostgresEndpoint,
): Promise<readonly Unfinished[]> {
  const { listUnfinished } = await import('../restore/unfinished-restore.ts');
  await using maintenance = await openMaintenance(endpoint, lookOptions(plans));
  return await listUnfinished(maintenance);
}

/** A database after a restore that failed. */
export interface LeftDatabase {
  readonly exists: boolean;
  /** Its comment, where a restore notes how far it came. */
  readonly comment: string | null;
}

/** Quick to give up: whoever waits has just seen a failure. @throws Failure `postgres-*` */
export async function lookAtLeft(
  plans: Plans,
  endpoint: PostgresEndpoint,
  database: string,
): Promise<LeftDatabase> {
  const options = { ...lookOptions(plans), connectTimeoutMs: 5000 };
  await using maintenance = await openMaintenance(endpoint, options);
  const [row] = await maintenance.query<{ comment: string | null }>(
    `select shobj_description(oid, 'pg_database') as comment from pg_database where datname = $1`,
    [database],
    'looking at what is left',
  );
  return { exists: row !== undefined, comment: row?.comment ?? null };
}

/** The endpoint of an environment that is not ephemeral. */
export function endpointOf({ name, postgres }: Environment): PostgresEndpoint {
  if (postgres === undefined) throw new Error(`${name} was chosen to restore into and has no postgres`);
  return postgres;
}

function lookOptions({ secrets }: Plans): ConnectOptions {
  return { secrets, applicationName: lookerName };
}

async function openMaintenance(endpoint: PostgresEndpoint, options: ConnectOptions): Promise<Session> {
  const { connectMaintenance } = await import('../postgres/connect.ts');
  return connectMaintenance(endpoint, options);
}
