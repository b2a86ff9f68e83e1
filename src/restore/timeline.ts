import { defined } from '../base/defined.ts';
import type { Clock } from '../base/clock.ts';
import type { PhaseFact } from '../language/facts.ts';

/** The parts of a restore as they go by, for the record. Parts may overlap. */
export interface Timeline {
  /** Begins a part; the returned function ends it. A second end changes nothing. */
  begin(name: string): (bytes?: number) => void;
  /** Does a part from start to end. */
  during<Result>(name: string, action: () => Promise<Result>): Promise<Result>;
  /** The parts so far, in the order of their start; one that has not ended lasts until now. */
  phases(): readonly PhaseFact[];
}

export function createTimeline(clock: Pick<Clock, 'monotonicMs'>): Timeline {
  const startedMs = clock.monotonicMs();
  const parts: { name: string; offsetMs: number; endMs?: number; bytes?: number }[] = [];
  const sinceStart = (): number => clock.monotonicMs() - startedMs;

  function begin(name: string): (bytes?: number) => void {
    const part: (typeof parts)[number] = { name, offsetMs: sinceStart() };
    parts.push(part);
    return (bytes) => {
      if (part.endMs !== undefined) return;
      part.endMs = sinceStart();
      if (bytes !== undefined) part.bytes = bytes;
    };
  }

  return {
    begin,
    during: async (name, action) => {
      const end = begin(name);
      try {
        return await action();
      } finally {
        end();
      }
    },
    phases: () =>
      parts.map(({ name, offsetMs, endMs, bytes }) => ({
        name,
        offsetMs: Math.round(offsetMs),
        durationMs: Math.round((endMs ?? sinceStart()) - offsetMs),
        ...defined({ bytes }),
      })),
  };
}
