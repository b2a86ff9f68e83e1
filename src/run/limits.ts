import type { Clock } from '../base/clock.ts';
import { renderDuration, renderPlanDuration } from '../base/quantity/duration.ts';
import { withLimit } from '../base/waiting.ts';

/** Waits for what should be quick and may not hold the end of a run: it is left behind after `ms`. Never rejects. */
export async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const over = (): Error => new Error(`not over within ${inWords(ms)}`);
  await withLimit({ clock, limitMs: ms, over }, () => work).catch(() => undefined);
}

/** A limit as its plan spells it: `2h`, `90s`. */
export function inWords(ms: number): string {
  return ms % 1000 === 0 ? renderPlanDuration(ms) : renderDuration(ms);
}
