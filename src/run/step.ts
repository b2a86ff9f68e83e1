import { isCancel } from './signals.ts';
import { defined } from '../base/defined.ts';
import { describeFailure, Failure, type FailureCode } from '../base/failure.ts';
import type { TaskResult } from '../task/contract.ts';
import { runAttempt, type AttemptWork } from './attempt.ts';
import { abortAfter, backoffMs } from '../base/waiting.ts';
import { inWords } from './limits.ts';
import type { PipelineStep } from './pipeline.ts';
import type { RunContext } from './run-context.ts';
import { isWanted, prepareWork, scopeOf } from './step-work.ts';
import type { RetryPolicy } from '../language/plan/plan.ts';

/** How a step ended: `error` is whatever was thrown. */
export type StepEnd =
  | { readonly outcome: 'succeeded' | 'skipped' }
  | { readonly outcome: 'failed' | 'cancelled'; readonly error: unknown };

/** Runs one step with its retries and tells its events. Never rejects. */
export async function runStep(
  step: PipelineStep,
  context: RunContext,
  signal: AbortSignal,
): Promise<StepEnd> {
  const { clock } = context.host;
  const startedMs = clock.monotonicMs();
  const attempts = { count: 0 };
  const finish = (details: FinishedDetails): void => {
    const durationMs = clock.monotonicMs() - startedMs;
    context.emit({ type: 'step-finished', step: step.id, durationMs, attempts: attempts.count, ...details });
  };
  try {
    const scope = scopeOf(context);
    if (!isWanted(step, scope)) {
      finish({ outcome: 'skipped', reason: `when: ${step.when ?? ''}` });
      return { outcome: 'skipped' };
    }
    const work = prepareWork(step, context, scope);
    const result = await runAttempts(step, context, signal, work, attempts);
    context.outputs[step.id] = result.outputs ?? {};
    if (result.restored !== undefined) context.restored.set(step.environment.name, result.restored);
    finish({ outcome: 'succeeded', ...recorded(result) });
    return { outcome: 'succeeded' };
  } catch (error) {
    const isCancelled = isCancel(error) && error === context.host.cancel.reason;
    const outcome = isCancelled ? 'cancelled' : 'failed';
    const failure = describeFailure(error);
    const facts = error instanceof Failure ? error.facts : undefined;
    finish({
      outcome,
      error: failure,
      ...(isCancelled && { reason: failure.message }),
      ...defined({ facts }),
    });
    return { outcome, error };
  }
}

type FinishedDetails = Pick<
  Extract<Parameters<RunContext['emit']>[0], { type: 'step-finished' }>,
  'outcome' | 'error' | 'reason' | 'bytes' | 'outputs' | 'facts'
>;

/** Tells that a step was not run, and why. */
export function skipStep(step: PipelineStep, reason: string, emit: RunContext['emit']): void {
  emit({ type: 'step-finished', step: step.id, outcome: 'skipped', durationMs: 0, attempts: 0, reason });
}

/** Attempts until one succeeds, the policy is used up, or the step's deadline leaves no room for another. */
async function runAttempts(
  step: PipelineStep,
  context: RunContext,
  signal: AbortSignal,
  work: AttemptWork,
  attempts: { count: number },
): Promise<TaskResult> {
  const { clock, random } = context.host;
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  const endMs = clock.monotonicMs() + step.timeoutMs;
  const deadline = abortAfter(clock, step.timeoutMs, own, () => overran(step));
  try {
    for (;;) {
      attempts.count += 1;
      context.emit({ type: 'step-started', step: step.id, attempt: attempts.count });
      try {
        return await runAttempt(step, attempts.count, context, either, work);
      } catch (error) {
        const delayMs = retryDelayMs(step.retry, attempts.count, random);
        const isHopeless = either.aborted || !isWorthRetrying(error);
        if (isHopeless || delayMs === undefined || clock.monotonicMs() + delayMs >= endMs) throw error;
        const failure = describeFailure(error);
        context.emit({
          type: 'step-retried',
          step: step.id,
          attempt: attempts.count,
          delayMs,
          error: failure,
        });
        await clock.sleep(delayMs, either);
      }
    }
  } finally {
    deadline.stop();
  }
}

function recorded(result: TaskResult): Pick<TaskResult, 'bytes' | 'outputs' | 'facts'> {
  const { bytes, outputs, facts } = result;
  return {
    ...defined({ bytes, outputs, facts }),
  };
}

function overran(step: PipelineStep): Failure {
  return new Failure('step-timeout', `step ${step.id} did not end within ${inWords(step.timeoutMs)}`, {
    hint: 'raise its timeout, or find out what makes it slow',
    where: step.position,
  });
}

/** The longest delay between two attempts, milliseconds. */
const longestDelayMs = 10 * 60_000;

/** Failures that would be the same the next time. */
const lasting: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'usage',
  'plan-invalid',
  'variable-missing',
  'tool-missing',
  'environment-incomplete',
  'not-confirmed',
  'locked',
  'lock-lost',
  'key-exists',
  'postgres-version',
  'postgres-login',
  'postgres-permission',
  'step-timeout',
  'run-timeout',
  'interrupted',
  'terminated',
]);

/** Whether another attempt could end otherwise. A bug could not, and would hide. */
function isWorthRetrying(error: unknown): boolean {
  return error instanceof Failure && !lasting.has(error.code);
}

/**
 * Milliseconds to wait after a failed attempt (counted from 1), or undefined when it was the last. Exponential delays
 * double and are cut by up to half at random (`random` gives 0 ≤ n < 1), so that runs do not return in step.
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: () => number): number | undefined {
  if (attempt > policy.times) return undefined;
  if (policy.backoff === 'constant') return policy.delayMs;
  return backoffMs(attempt, { firstMs: policy.delayMs, longestMs: longestDelayMs }, random);
}
