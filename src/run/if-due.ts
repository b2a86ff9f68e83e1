import { Failure } from '../base/failure.ts';
import type { Plan } from '../language/plan/plan.ts';
import { hasRunAt, lastFiring, parseFiringLine } from '../language/schedule/due.ts';

/**
 * Why a run that a scheduler started is not due, in words; undefined when it is. The scheduler's line may fire more
 * often than the plan's schedule says (cron knows no seasons); what it fired for is the line's newest time, however late
 * the scheduler was. A line that did not fire within a day did not start this run, which is due then: rather one
 * backup too many.
 *
 * @throws Failure `usage` for a text that is no line of cron
 */
export function whyNotDue(plan: Plan, text: string, now: Date): string | undefined {
  const parsed = parseFiringLine(text);
  if ('mistake' in parsed) {
    throw new Failure('usage', `--if-due '${text}': ${parsed.mistake.message}`, {
      hint: "it takes cron's five fields and a time zone: --if-due '0 2 * * * Europe/Berlin'",
    });
  }
  const at = lastFiring(parsed.line, now);
  if (at === undefined || hasRunAt(plan.schedule, at, plan.timeZone)) return undefined;
  return `${plan.name} is not due: its schedule has no run at ${at.toISOString()}`;
}
