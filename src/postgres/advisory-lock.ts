import { createHash } from 'node:crypto';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { LockTaker, RunLock } from '../task/run-lock.ts';
import type { Secrets } from '../language/secret-reference.ts';
import type { RunIdentity } from '../task/contract.ts';
import { applicationName } from './application-name.ts';
import { connect, connectMaintenance, type Session } from './connect.ts';

/**
 * The lock across hosts: an advisory lock on the database that a plan works on, held by a session of its own for the
 * whole run. Two hosts with the same plan exclude each other; the server frees the lock when the session ends, however
 * it ends. `maintenance`: it lies in the server's maintenance database, for a plan that creates, renames or drops the
 * one it works on. Needs a direct connection: a pooler that shares sessions between transactions would share the lock too.
 */
export function advisoryLock(
  endpoint: PostgresEndpoint,
  secrets: Secrets,
  database: 'own' | 'maintenance',
): LockTaker {
  return {
    name: `lock in the database ${endpoint.database}`,
    take: async (run, signal) => {
      const open = database === 'own' ? connect : connectMaintenance;
      const session = await open(endpoint, {
        secrets,
        applicationName: applicationName(run.id, 'lock'),
        signal,
      });
      try {
        await takeLock(session, run);
      } catch (error) {
        await session.close();
        throw error;
      }
      return heldBy(session);
    },
  };
}

/** The lock's key for a plan: the first eight bytes of a sha256, as Postgres writes a bigint. Never to change. */
export function advisoryKey(plan: string): bigint {
  return createHash('sha256').update(`run-plan plan ${plan}`).digest().readBigInt64BE();
}

async function takeLock(session: Session, run: RunIdentity): Promise<void> {
  const key = advisoryKey(run.plan).toString();
  const [row] = await session.query<{ locked: boolean }>(
    'select pg_try_advisory_lock($1::bigint) as locked',
    [key],
    'taking the lock',
  );
  if (row?.locked === true) return;
  const holder = await findHolder(session, key);
  throw new Failure(
    'locked',
    `${run.plan} is already running on the database ${session.endpoint.database}: ${holder}`,
    { hint: 'Wait for that run, or look for it on the host named here.' },
  );
}

async function findHolder(session: Session, key: string): Promise<string> {
  const [holder] = await session.query<{ application: string | null; address: string | null; pid: number }>(
    `select a.application_name as application, host(a.client_addr) as address, l.pid
       from pg_locks l
       left join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and l.database = (select oid from pg_database where datname = current_database())
        and (l.classid::bigint << 32) | l.objid::bigint = $1::bigint`,
    [key],
    'looking for the holder of the lock',
  );
  if (holder === undefined) return 'another run that has ended since';
  const from = holder.address === null ? '' : ` from ${holder.address}`;
  return `${holder.application ?? 'another session'}${from} (backend ${holder.pid})`;
}

function heldBy(session: Session): RunLock {
  const lost = new AbortController();
  session.lost.addEventListener('abort', () => {
    lost.abort(
      new Failure(
        'postgres-connection-lost',
        `The session that held the lock on the database ${session.endpoint.database} was lost`,
        { hint: 'Another run may begin now, so this one ends.', cause: session.lost.reason },
      ),
    );
  });
  // Closing the session frees the lock.
  return { lost: lost.signal, release: () => session.close() };
}
