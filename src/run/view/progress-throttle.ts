import type { RunEvent } from '../record/event.ts';

/** A line of progress this often, milliseconds, is enough for a log. */
const intervalMs = 10_000;

/**
 * Decides which events a log prints: all, but of a step's progress no more than one in ten seconds by the events' own
 * time, and none before ten seconds have passed.
 */
export function createProgressThrottle(): (event: RunEvent) => boolean {
  const lastAt = new Map<string, number>();
  return (event) => {
    if (event.type === 'step-started') lastAt.set(event.step, Date.parse(event.at));
    if (event.type !== 'step-progress') return true;
    const at = Date.parse(event.at);
    if (at - (lastAt.get(event.step) ?? at) < intervalMs) return false;
    lastAt.set(event.step, at);
    return true;
  };
}
