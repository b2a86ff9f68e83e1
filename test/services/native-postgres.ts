import { startCluster } from '../../src/postgres/cluster.ts';
import type { RunningService } from './running-service.ts';
import type { PostgresService } from './services.ts';

/** This host's newest Postgres as a throw-away cluster; it ends with this process, also when that is killed. */
export async function startNativePostgres(): Promise<RunningService<PostgresService>> {
  const cluster = await startCluster({ tcp: true, settings: { max_connections: '200' } });
  const { port, user, password, major } = cluster;
  return {
    service: { way: 'native', host: '127.0.0.1', port, user, password, major },
    stop: () => cluster.stop(),
  };
}
