import type { ScheduleEntry } from '../plan/plan.ts';
import { knownCalendar } from './calendar.ts';
import { parseCron } from './cron.ts';
import { attempt, MistakeFound, type ExpressionMistake } from './expression.ts';
import { occurrences } from './occurrence.ts';
import { nextRuns } from './schedule.ts';
import { zoneMistake } from './zone.ts';

const dayMs = 86_400_000;

/** What a scheduler fired by: cron's five fields and a zone, `0 2 * * * Europe/Berlin`; UTC where none is named. */
export interface FiringLine {
  readonly calendars: readonly string[];
  readonly zone: string;
}

/** Reads the text of a line, or gives the mistake with its offset. */
export function parseFiringLine(
  text: string,
): { readonly line: FiringLine } | { readonly mistake: ExpressionMistake } {
  return attempt(() => {
    const match = /^(?<fields>\S+(?:\s+\S+){4})\s+(?<zone>[A-Za-z]\S*)\s*$/.exec(text);
    const { fields = text, zone = 'UTC' } = match?.groups ?? {};
    const wrongZone = zoneMistake(zone);
    if (wrongZone !== undefined) throw new MistakeFound(wrongZone, text.lastIndexOf(zone), zone.length);
    const parsed = parseCron(fields, zone);
    if ('mistake' in parsed) {
      throw new MistakeFound(parsed.mistake.message, parsed.mistake.offset, parsed.mistake.length);
    }
    return { line: { calendars: parsed.calendars, zone } };
  });
}

/** The newest time at which a line fired, at or before an instant; undefined when that is more than a day ago. */
export function lastFiring({ calendars, zone }: FiringLine, now: Date): Date | undefined {
  let newest: Date | undefined;
  for (const calendar of calendars) {
    for (const at of occurrences(knownCalendar(calendar), new Date(now.getTime() - dayMs), zone)) {
      if (at > now) break;
      if (newest === undefined || at > newest) newest = at;
    }
  }
  return newest;
}

/** Whether a schedule has a run at exactly this instant. @param zone the plan's */
export function hasRunAt(schedule: readonly ScheduleEntry[], at: Date, zone: string): boolean {
  const [next] = nextRuns(schedule, new Date(at.getTime() - 1), 1, zone);
  return next?.at.getTime() === at.getTime();
}
