import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { findServerInstallations } from '../../src/postgres/server-installation.ts';
import { startCluster, type Cluster } from '../../src/postgres/cluster.ts';
import type { Services } from './services.ts';

/** Where `bin/newer-postgres.js` puts a second major on Debian 12: root's, or a user's own. */
const unpacked = ['/var/cache', process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')]
  .map((cache) => join(cache, 'run-plan-test/postgresql-17/root/usr/lib/postgresql'))
  .find((folder) => existsSync(folder));

/** Lets this process find the set-up's second major, in the way that operators have, until `forgetNewerPostgres`. */
function findNewerPostgres(): void {
  if (unpacked !== undefined) process.env['RUN_PLAN_POSTGRES'] = unpacked;
}

function forgetNewerPostgres(): void {
  delete process.env['RUN_PLAN_POSTGRES'];
}

/** The newest major that is here beside `older` and newer than it; undefined where there is none. */
export async function newerMajor(older: number): Promise<number | undefined> {
  findNewerPostgres();
  try {
    const majors = (await findServerInstallations()).map(({ major }) => major);
    return majors.includes(older) ? majors.find((major) => major > older) : undefined;
  } finally {
    forgetNewerPostgres();
  }
}

/** A server of another major for a test file, which finds its programs as well; to be called where hooks are. */
export function useNewerPostgres(services: Services, major: number): () => Services {
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    findNewerPostgres();
    cluster = await startCluster({ major, tcp: true, settings: { max_locks_per_transaction: '256' } });
  });
  afterAll(async () => {
    forgetNewerPostgres();
    await cluster?.stop();
  });
  return () => {
    if (cluster === undefined) throw new Error('the newer server is asked for before it runs');
    const { port, user, password } = cluster;
    return { ...services, postgres: { way: 'native', host: '127.0.0.1', port, user, password, major } };
  };
}
