import type { PostgresEndpoint } from '../language/environment/environment.ts';
import type { RunHost } from './run-host.ts';

/** A throw-away Postgres cluster that the host has started. */
export interface RunningCluster {
  /** Its maintenance database. */
  readonly postgres: PostgresEndpoint;
  /** Stops it and removes all of it. */
  stop(): Promise<void>;
}

/** The run's throw-away clusters: one for each ephemeral environment, all gone after the run. */
export interface Clusters {
  /** @throws Failure `tool-missing`, `cluster-start` */
  start(environment: string, major: number | undefined, signal: AbortSignal): Promise<PostgresEndpoint>;
  /** The maintenance database of a cluster that runs. */
  find(environment: string): PostgresEndpoint | undefined;
  stop(): Promise<void>;
}

export function createClusters(host: Pick<RunHost, 'startCluster'>): Clusters {
  const starting = new Map<string, Promise<RunningCluster>>();
  const running = new Map<string, RunningCluster>();
  return {
    start: async (environment, major, signal) => {
      const known = starting.get(environment) ?? host.startCluster(major, signal);
      starting.set(environment, known);
      try {
        const cluster = await known;
        running.set(environment, cluster);
        return cluster.postgres;
      } catch (error) {
        // The next attempt may have more luck.
        starting.delete(environment);
        throw error;
      }
    },
    find: (environment) => running.get(environment)?.postgres,
    stop: async () => {
      await Promise.allSettled([...starting.values()].map(async (start) => (await start).stop()));
    },
  };
}
