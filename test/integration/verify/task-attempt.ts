import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../../src/clock.ts';
import type { Environment } from '../../../src/environment/environment.ts';
import type { RetentionPolicy } from '../../../src/plan/plan.ts';
import type { CommandHost } from '../../../src/process/command-host.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import type { Secrets } from '../../../src/secret/reference.ts';
import type { Task, TaskContext, TaskResult } from '../../../src/task/contract.ts';
import { declared } from '../../fixtures/declared.ts';
import { startAttempt } from '../process/attempt.ts';

export interface AttemptOptions {
  readonly environment: Environment;
  readonly repository: Repository;
  readonly secrets: Secrets;
  readonly runId?: string;
  readonly retention?: RetentionPolicy;
  readonly clock?: Clock;
  readonly host?: Partial<CommandHost>;
  /** Called with each progress: bytes so far. */
  readonly onProgress?: (bytes: number, abort: AbortController) => void;
  readonly onNote?: (text: string, abort: AbortController) => void;
}

/** What one attempt of one step said and gave. */
export interface AttemptResult extends TaskResult {
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

/** Runs a task as the engine does, without an engine: a folder of its own, commands that end with it, cleanup. */
export async function attempt<Parameters extends object>(
  task: Task<Parameters>,
  parameters: Parameters,
  options: AttemptOptions,
): Promise<AttemptResult> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-attempt-'));
  const host = startAttempt({ cwd: folder, ...options.host });
  const warnings: string[] = [];
  const notes: string[] = [];
  const endings: (() => Promise<void>)[] = [];
  const context: TaskContext = {
    run: {
      id: options.runId ?? newRunId(),
      plan: 'nightly',
      planHash: '0'.repeat(64),
      startedAt: new Date(),
      scratch: 'scratch_20250101t020000z_0000',
    },
    environment: options.environment,
    retention: options.retention,
    timeZone: 'UTC',
    clock: options.clock ?? systemClock,
    signal: host.abort.signal,
    report: {
      progress: (bytes) => options.onProgress?.(bytes, host.abort),
      phase: () => undefined,
      note: (text) => {
        notes.push(text);
        options.onNote?.(text, host.abort);
      },
      warn: (text) => warnings.push(text),
    },
    folder,
    kept: join(folder, 'kept'),
    secrets: options.secrets,
    commands: host.commands,
    restored: undefined,
    hasFailed: false,
    declared: declared(),
    environmentNamed: () => options.environment,
    repository: () => Promise.resolve(options.repository),
    startCluster: () => Promise.reject(new Error('no clusters here')),
    onEnd: (_, action) => endings.unshift(action),
  };
  try {
    return { ...(await task.run(context, parameters)), warnings, notes };
  } finally {
    for (const end of endings) await end();
    await host.end();
    await rm(folder, { recursive: true, force: true });
  }
}

export function newRunId(): string {
  return `nightly-20250101T020000Z-${randomBytes(4).toString('hex')}`;
}
