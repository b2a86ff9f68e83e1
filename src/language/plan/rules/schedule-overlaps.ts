import { repeatsAfterMs, scheduledRuns, type ScheduledRun } from '../../schedule/schedule.ts';
import type { ScheduleEntry } from '../plan.ts';
import type { Rule, RuleContext } from './rule.ts';
import { schedulePath } from './schedule-path.ts';

/** A year of runs twice a day: entries that meet at all meet within that, and every start waits for it. */
const horizonRuns = 800;

export const scheduleOverlaps: Rule = {
  name: 'schedule-overlaps',
  severity: 'warning',
  reason:
    'Two entries that fire at the same moment start one run; the operator who wrote both expected two, or forgot one.',
  check: (context) => {
    if (context.plan.schedule.length < 2) return [];
    const met = meetings(context);
    return met.map(({ at, entries: [first, second] }) => ({
      message: `fires at the same time as '${written(first)}', for example at ${at.toISOString()}`,
      path: schedulePath(context, second),
    }));
  },
};

interface Meeting {
  readonly at: Date;
  readonly entries: readonly [ScheduleEntry, ScheduleEntry];
}

/** The first meeting of each two entries. */
function meetings({ plan, now }: RuleContext): readonly Meeting[] {
  const found = new Map<string, Meeting>();
  let runs = 0;
  const end = now.getTime() + repeatsAfterMs(plan.schedule, now, plan.timeZone);
  for (const run of scheduledRuns(plan.schedule, now, plan.timeZone)) {
    const pair = differentEntries(run);
    if (pair !== undefined) {
      const key = pair.map((entry) => plan.schedule.indexOf(entry)).join();
      if (!found.has(key)) found.set(key, { at: run.at, entries: pair });
    }
    runs += 1;
    if (runs >= horizonRuns || run.at.getTime() > end) break;
  }
  return [...found.values()];
}

/** Two calendars of one cron entry are one entry. */
function differentEntries({ entries }: ScheduledRun): Meeting['entries'] | undefined {
  const [first] = entries;
  const second = entries.find(
    (entry) => entry !== first && (entry.cron === undefined || entry.cron !== first?.cron),
  );
  return first === undefined || second === undefined ? undefined : [first, second];
}

function written({ cron, calendar }: ScheduleEntry): string {
  return cron ?? calendar;
}
