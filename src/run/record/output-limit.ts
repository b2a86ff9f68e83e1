import type { RunEvent } from './event.ts';
import { keptLines } from './fold-step.ts';

type StepOutput = Extract<RunEvent, { type: 'step-output' }>;

/** Characters of one step's output that a journal takes as they come. */
const freely = 2 * 1024 * 1024;

/** Characters of an event beside its line: many short lines fill a disk as well. */
const aroundLine = 100;

/**
 * Keeps a talkative step from filling the disk: the first 2 Mi characters of its output pass as they come, so that a
 * killed run's last words are in its journal; after that only the last 200 lines are held until the step ends.
 */
export interface OutputLimit {
  /** The events to write now. */
  admit(event: RunEvent): readonly RunEvent[];
}

export function limitOutput(): OutputLimit {
  const written = new Map<string, number>();
  const held = new Map<string, StepOutput[]>();

  function hold(event: StepOutput): readonly RunEvent[] {
    const size = written.get(event.step) ?? 0;
    if (size < freely) {
      written.set(event.step, size + event.line.length + aroundLine);
      return [event];
    }
    const lines = held.get(event.step) ?? [];
    lines.push(event);
    if (lines.length > keptLines) lines.shift();
    held.set(event.step, lines);
    return [];
  }

  return {
    admit: (event) => {
      if (event.type === 'step-output') return hold(event);
      if (event.type !== 'step-finished') return [event];
      const lines = held.get(event.step) ?? [];
      held.delete(event.step);
      return [...lines, event];
    },
  };
}
