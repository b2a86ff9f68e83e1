import { defined } from '../base/defined.ts';
import { describeDamage } from '../base/document.ts';
import type { LockTaker, RunLock } from '../task/run-lock.ts';
import { closeInterrupted } from './record/interrupted.ts';
import type { RunRecord } from '../language/generated/run-record.types.ts';
import { actionOf } from './build-pipeline.ts';
import type { UntimedEvent } from './emitter.ts';
import type { RunContext } from './run-context.ts';
import type { RunEnds } from './run-ends.ts';

export function startedEvent({
  run,
  pipeline,
  host,
}: Pick<RunContext, 'run' | 'pipeline' | 'host'>): UntimedEvent {
  return {
    type: 'run-started',
    runId: run.id,
    plan: run.plan,
    planHash: run.planHash,
    environment: pipeline.environment.name,
    host: host.hostName,
    pid: host.pid,
    versions: host.versions,
    parameters: pipeline.parameters,
    steps: pipeline.steps.map((step) => ({
      id: step.id,
      name: step.name,
      phase: step.phase,
      action: actionOf(step),
    })),
  };
}

/** The run's locks: taken one after the other, watched while held, released in reverse. */
export interface Locks {
  /** @throws Failure `locked` */
  take(taker: LockTaker): Promise<void>;
  release(): Promise<void>;
}

export function createLocks({ run }: RunContext, ends: RunEnds): Locks {
  const held: RunLock[] = [];
  return {
    take: async (taker) => {
      ends.run.throwIfAborted();
      const lock = await taker.take(run, ends.run);
      held.push(lock);
      ends.watch(lock.lost);
    },
    release: async () => {
      for (const lock of held.toReversed()) await lock.release();
    },
  };
}

/** Names the runs that were killed since, once; gives their records for the repository. */
export async function tellInterrupted({ run, host, emit }: RunContext): Promise<readonly RunRecord[]> {
  const found = await closeInterrupted(host.stateFolder, run.plan, run.id, host.clock.now(), (damage) => {
    emit({ type: 'run-warning', text: `${describeDamage(damage)}: ${damage.hint}` });
  });
  for (const { runId, lastEventAt, step } of found) {
    emit({ type: 'run-interrupted-found', runId, lastEventAt, ...defined({ step }) });
  }
  return found.map(({ record }) => record);
}
