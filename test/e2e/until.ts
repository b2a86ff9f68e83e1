import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a condition, asked every 50 ms. @throws Error naming it when it does not hold within the limit */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  limitMs = 15_000,
): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`not within ${String(limitMs)} ms: ${what}`);
    await delay(50);
  }
}
