import type { Phase } from '../language/plan/plan.ts';
import { runStep, skipStep } from './step.ts';
import type { RunContext } from './run-context.ts';
import { note } from './run-progress.ts';

interface PhaseRule {
  readonly phase: Phase;
  /** Why the phase's next step is not run, or undefined. `stoppedBy` is the failed step that stops what follows it. */
  readonly refusal: (stoppedBy: string | undefined, signal: AbortSignal) => string | undefined;
}

const untilFailure: PhaseRule['refusal'] = (stoppedBy, signal) => {
  if (signal.aborted) return signal.reason instanceof Error ? signal.reason.message : 'the run was ended';
  return stoppedBy === undefined ? undefined : `step ${stoppedBy} failed`;
};

/** The order of phases, and what a failure means for each: a failed `prepare` skips `steps`; `cleanup` always runs. */
const rules: readonly PhaseRule[] = [
  { phase: 'prepare', refusal: untilFailure },
  { phase: 'steps', refusal: untilFailure },
  { phase: 'cleanup', refusal: () => undefined },
];

export interface PhaseSignals {
  /** Ends `prepare` and `steps`: cancel, a lost lock, the plan's deadline. */
  readonly run: AbortSignal;
  /** Called when `cleanup` begins; its own deadline. */
  cleanup(): AbortSignal;
}

/** Runs every phase in order. Never rejects. */
export async function runPhases(context: RunContext, signals: PhaseSignals): Promise<void> {
  const { progress } = context;
  let stoppedBy: string | undefined;
  for (const { phase, refusal } of rules) {
    const steps = context.pipeline.steps.filter((step) => step.phase === phase);
    const signal = phase === 'cleanup' ? signals.cleanup() : signals.run;
    const startedMs = context.host.clock.monotonicMs();
    for (const step of steps) {
      const reason = refusal(stoppedBy, signal);
      if (reason !== undefined) {
        skipStep(step, reason, context.emit);
        continue;
      }
      const end = await runStep(step, context, signal);
      if (!('error' in end)) continue;
      note(progress, end.error, step.id);
      if (!step.continueOnFailure) stoppedBy ??= step.id;
    }
    if (phase === 'steps' && steps.length > 0)
      progress.stepsDurationMs = context.host.clock.monotonicMs() - startedMs;
  }
}
