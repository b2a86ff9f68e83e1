import { defined } from '../base/defined.ts';
import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../task/contract.ts';
import type { Emit } from './emitter.ts';

/** At most four progress events a second. */
const progressMs = 250;

export interface AttemptReporter extends Reporter {
  /** A line of the operator's script. */
  output(stream: 'stdout' | 'stderr', line: string): void;
  /** Tells the last progress; whatever a forgotten task says later is dropped. */
  close(): void;
}

/** Turns what a task says into events; everything said is life. */
export function createReporter(step: string, emit: Emit, clock: Clock, live: () => void): AttemptReporter {
  const startedMs = clock.monotonicMs();
  let toldMs = -Infinity;
  let untold: { readonly bytes: number; readonly totalBytes?: number } | undefined;
  let isOpen = true;

  function say(event: Parameters<Emit>[0]): void {
    if (!isOpen) return;
    live();
    emit(event);
  }

  function tellProgress(): void {
    if (untold === undefined) return;
    toldMs = clock.monotonicMs();
    emit({ type: 'step-progress', step, ...untold, elapsedMs: toldMs - startedMs });
    untold = undefined;
  }

  return {
    progress: (bytes, totalBytes) => {
      if (!isOpen) return;
      live();
      untold = { bytes, ...defined({ totalBytes }) };
      if (clock.monotonicMs() - toldMs >= progressMs) tellProgress();
    },
    phase: (text) => {
      say({ type: 'step-phase', step, text });
    },
    note: (text) => {
      say({ type: 'step-note', step, level: 'note', text });
    },
    warn: (text) => {
      say({ type: 'step-note', step, level: 'warning', text });
    },
    output: (stream, line) => {
      say({ type: 'step-output', step, stream, line });
    },
    close: () => {
      tellProgress();
      isOpen = false;
    },
  };
}
