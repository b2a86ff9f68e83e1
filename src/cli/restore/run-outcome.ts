import type { EventSink, RunEvent, StepFinished } from '../../run/record/event.ts';

/** How far a restore's run came, from its events. */
export interface RunOutcome extends EventSink {
  /** The step began to write, or was about to. */
  hasBegun(): boolean;
  finished(step: string): StepFinished | undefined;
}

/** Listens to a run and remembers how its steps ended. */
export function watchOutcome(): RunOutcome {
  const finished = new Map<string, StepFinished>();
  let begun = false;
  return {
    handle: (event: RunEvent) => {
      if (event.type === 'step-started') begun = true;
      if (event.type === 'step-finished') finished.set(event.step, event);
    },
    close: () => Promise.resolve(),
    hasBegun: () => begun,
    finished: (step) => finished.get(step),
  };
}
