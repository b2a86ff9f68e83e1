import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import type {
  Environment,
  PostgresEndpoint,
  RepositorySettings,
} from '../../../src/language/environment/environment.ts';
import type { RetentionPolicy } from '../../../src/language/plan/plan.ts';
import { createCommands } from '../../../src/process/create-commands.ts';
import { createProcessGroups } from '../../../src/process/process-groups.ts';
import type { Repository } from '../../../src/store/repository.ts';
import type { Secrets } from '../../../src/language/secret-reference.ts';
import { startLoadingCluster, type LoadingCluster } from '../../../src/postgres/loading-cluster.ts';
import type { Restored, Task, TaskContext, TaskResult } from '../../../src/task/contract.ts';
import type { Declared } from '../../../src/task/declared.ts';
import { declared } from '../../fixtures/declared.ts';
import type { Services } from '../../services/services.ts';

/** What one attempt said, for tests to look at. */
export interface Said {
  readonly notes: string[];
  readonly warnings: string[];
  readonly phases: string[];
  readonly progress: number[];
}

export interface AttemptOptions {
  readonly environment: Environment;
  readonly repository: Repository;
  readonly password: string;
  /** What references mean; the password, all of them, unless said. */
  readonly secrets?: Secrets;
  /** Put before PATH: fakes that misbehave on purpose. */
  readonly path?: string;
  /** Variables of its programs; this process's unless said. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly retention?: RetentionPolicy;
  readonly signal?: AbortSignal;
  /** The system's unless said. */
  readonly clock?: Clock;
  readonly runId?: string;
  /** Name of the run's own database; one that nothing bears unless said. */
  readonly scratch?: string;
  readonly restored?: Restored;
  readonly hasFailed?: boolean;
  /** What is declared beside the plan; nothing unless said. */
  readonly declared?: Declared;
  /** The step's kept folder; one below the attempt's own unless said, and gone with it. */
  readonly kept?: string;
  /**
   * Other environments that a parameter may name, each with its repository when it has one; the step's own too where
   * what is configured differs from what the run has made of it.
   */
  readonly others?: readonly { readonly environment: Environment; readonly repository?: Repository }[];
  /** Throw-away clusters that outlive the attempt; one of its own unless said. */
  readonly startCluster?: TaskContext['startCluster'];
  /** Called with each phase as it begins. */
  readonly onPhase?: (text: string) => void;
  readonly onNote?: (text: string) => void;
  readonly onProgress?: (bytes: number) => void;
}

/** The environment `test` with one database of the services and a repository. */
export function environmentFor(
  services: Services,
  database: string,
  repository: RepositorySettings,
  postgres: Partial<PostgresEndpoint> = {},
): Environment {
  const { host, port, user } = services.postgres;
  return {
    name: 'test',
    protected: false,
    postgres: {
      host,
      port,
      user,
      database,
      password: { kind: 'env', name: 'TEST_PASSWORD', position: 'test:1:1' },
      sslmode: 'prefer',
      ...postgres,
    },
    repository,
  };
}

/** A name as runs that start now give their own databases: too young to be swept by another test's postgres-drop. */
export function scratchName(): string {
  const time = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, 'z')
    .replaceAll(/[-:]/g, '')
    .toLowerCase();
  return `scratch_${time}_${randomBytes(2).toString('hex')}`;
}

/** Secrets that are all the same text. */
export function fixedSecrets(text: string): Secrets {
  return {
    resolve: () =>
      Promise.resolve({ reveal: () => text, toString: () => '***' as const, toJSON: () => '***' as const }),
  };
}

/** Runs a task for one attempt as the engine does, end actions included, whatever the outcome. */
export async function attempt<Parameters extends object>(
  task: Task<Parameters>,
  parameters: Parameters,
  options: AttemptOptions,
): Promise<{ readonly result: TaskResult; readonly said: Said }> {
  const said: Said = { notes: [], warnings: [], phases: [], progress: [] };
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-attempt-'));
  const signal = options.signal ?? new AbortController().signal;
  const ends: (() => Promise<void>)[] = [];
  let current = signal;
  const bound = createCommands({
    signal: () => current,
    redact: (text) => text.replaceAll(options.password, '***'),
    groups: createProcessGroups(),
    inherited: options.variables ?? {
      ...process.env,
      PATH: `${options.path ?? ''}:${process.env['PATH'] ?? ''}`,
    },
    cwd: folder,
    onLife: () => undefined,
    onOutput: () => undefined,
  });
  const other = (name: string): NonNullable<AttemptOptions['others']>[number] => {
    const found = options.others?.find(({ environment }) => environment.name === name);
    if (found === undefined) throw new Error(`this test has no environment ${name}`);
    return found;
  };
  const clusters: LoadingCluster[] = [];
  const context: TaskContext = {
    run: {
      id: options.runId ?? `test-${Math.random().toString(16).slice(2)}`,
      plan: 'test',
      planHash: '0'.repeat(64),
      startedAt: new Date(),
      scratch: options.scratch ?? scratchName(),
    },
    environment: options.environment,
    retention: options.retention,
    timeZone: 'UTC',
    clock: options.clock ?? systemClock,
    random: Math.random,
    signal,
    report: {
      progress: (bytes) => {
        said.progress.push(bytes);
        options.onProgress?.(bytes);
      },
      phase: (text) => {
        said.phases.push(text);
        options.onPhase?.(text);
      },
      note: (text) => {
        said.notes.push(text);
        options.onNote?.(text);
      },
      warn: (text) => void said.warnings.push(text),
    },
    folder,
    kept: options.kept ?? join(folder, 'kept', 'run', 'step'),
    secrets: options.secrets ?? fixedSecrets(options.password),
    commands: bound.commands,
    get $() {
      return bound.commands.$;
    },
    retry: (_times, _pauseMs, work) => work(),
    restored: options.restored,
    hasFailed: options.hasFailed ?? false,
    declared: options.declared ?? declared(),
    environmentNamed: (name) =>
      name === options.environment.name &&
      options.others?.some((one) => one.environment.name === name) !== true
        ? options.environment
        : other(name).environment,
    repository: (name) => {
      const isOwn = name === undefined || name === options.environment.name;
      const repository = isOwn ? options.repository : other(name).repository;
      return repository === undefined
        ? Promise.reject(new Error('no repository'))
        : Promise.resolve(repository);
    },
    startCluster: async (major) => {
      if (options.startCluster !== undefined) return options.startCluster(major);
      const cluster = await startLoadingCluster(major, signal);
      clusters.push(cluster);
      return cluster.postgres;
    },
    onEnd: (_, action) => void ends.unshift(action),
  };
  try {
    return { result: await task.run(context, parameters), said };
  } catch (error) {
    throw Object.assign(error as Error, { said });
  } finally {
    current = new AbortController().signal;
    for (const action of ends) await action().catch((error: unknown) => said.warnings.push(String(error)));
    await bound.end();
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}
