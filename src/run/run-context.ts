import type { Environment } from '../language/environment/environment.ts';
import type { Repository } from '../store/repository.ts';
import type { OnWait } from '../s3/client.ts';
import type { Restored, RunIdentity } from '../task/contract.ts';
import type { Clusters } from './clusters.ts';
import type { Emit } from './emitter.ts';
import type { Pipeline } from './pipeline.ts';
import type { RunProgress } from './run-progress.ts';
import type { RunHost } from './run-host.ts';

/** What every step of one run shares. */
export interface RunContext {
  readonly run: RunIdentity;
  readonly pipeline: Pipeline;
  readonly host: RunHost;
  readonly emit: Emit;
  readonly repositories: Repositories;
  /** Outputs of the steps that succeeded so far, by step id. */
  readonly outputs: Record<string, Readonly<Record<string, string>>>;
  /** What steps have restored so far, by environment; the last one counts. */
  readonly restored: Map<string, Restored>;
  /** Throw-away clusters of this run. */
  readonly clusters: Clusters;
  readonly progress: RunProgress;
}

/** The run's repositories, each opened once. */
export interface Repositories {
  readonly open: (environment: Environment) => Promise<Repository>;
  /** Tells of every wait for one of them; gives what ends that. */
  listen(onWait: OnWait): () => void;
  close(): Promise<void>;
}

export function createRepositories(host: Pick<RunHost, 'openRepository'>): Repositories {
  const opened = new Map<string, Promise<Repository>>();
  const listeners = new Set<OnWait>();
  return {
    open: (environment) => {
      const known = opened.get(environment.name);
      if (known !== undefined) return known;
      const opening = host.openRepository(environment, (notice) => {
        for (const onWait of listeners) onWait(notice);
      });
      opened.set(environment.name, opening);
      // One that could not be opened may be there the next time.
      opening.catch(() => opened.delete(environment.name));
      return opening;
    },
    listen: (onWait) => {
      listeners.add(onWait);
      return () => listeners.delete(onWait);
    },
    close: async () => {
      await Promise.allSettled([...opened.values()].map(async (opening) => (await opening).close()));
    },
  };
}
