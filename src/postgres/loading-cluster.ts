import { defined } from '../base/defined.ts';
import { availableParallelism, totalmem } from 'node:os';
import type { PostgresEndpoint } from '../language/environment/environment.ts';
import { loadDriver } from './connect.ts';
import { endpointOfCluster, startCluster } from './cluster.ts';

const mebibyte = 1024 * 1024;
/**
 * Loading reads little of what it wrote, and a new server pays for each page of its own cache at the first touch: with 2 GB
 * the same load took a fifth more processor time than with 256 MB.
 */
const mostSharedBuffers = 256 * mebibyte;

/** A throw-away cluster that is tuned for loading a dump. */
export interface LoadingCluster {
  readonly postgres: PostgresEndpoint;
  stop(): Promise<void>;
}

/**
 * Starts a throw-away cluster of this host's own Postgres, of that major, on a socket of its own: no fsync, minimal
 * WAL, no autovacuum, memory by the host's. It ends with this process, however that ends.
 * @throws Failure `tool-missing`, `cluster-start`
 */
export async function startLoadingCluster(
  major: number | undefined,
  signal: AbortSignal,
): Promise<LoadingCluster> {
  const starting = startCluster({
    ...defined({ major }),
    signal,
    settings: loadingSettings(totalmem(), availableParallelism()),
  });
  // Whoever starts a cluster speaks to it: the client is loaded while the server is made.
  const [cluster] = await Promise.all([starting, loadDriver()]);
  return {
    postgres: endpointOfCluster(cluster),
    stop: () => cluster.stop(),
  };
}

/** Server settings for a host with so many bytes of memory and processors. */
export function loadingSettings(memoryBytes: number, processors: number): Readonly<Record<string, string>> {
  const sharedBuffers = Math.min(mostSharedBuffers, Math.floor(memoryBytes / 4));
  return {
    autovacuum: 'off',
    shared_buffers: `${String(Math.max(128, Math.floor(sharedBuffers / mebibyte)))}MB`,
    checkpoint_timeout: '1h',
    max_wal_size: '64GB',
    wal_buffers: '16MB',
    bgwriter_lru_maxpages: '0',
    track_activities: 'on',
    max_worker_processes: String(Math.max(8, processors * 2)),
    max_connections: '100',
    // A dump of many thousands of tables is restored by sessions that lock each of them.
    max_locks_per_transaction: '1024',
  };
}
