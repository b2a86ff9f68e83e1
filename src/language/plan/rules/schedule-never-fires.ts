import { nextRuns } from '../../schedule/schedule.ts';
import type { ScheduleEntry } from '../plan.ts';
import type { Rule, RuleContext } from './rule.ts';
import { schedulePath } from './schedule-path.ts';

export const scheduleNeverFires: Rule = {
  name: 'schedule-never-fires',
  severity: 'warning',
  reason: 'An entry that never fires looks like a backup that is taken.',
  check: (context) =>
    context.plan.schedule
      .filter((entry) => nextRuns([entry], context.now, 1, context.plan.timeZone).length === 0)
      .map((entry) => ({ message: messageOf(entry, context), path: schedulePath(context, entry) })),
};

function messageOf({ calendar, cron, from, until }: ScheduleEntry, { now }: RuleContext): string {
  const written = cron ?? calendar;
  if (from !== undefined && until !== undefined && until < from)
    return `'${written}' never fires: 'until' is before 'from'`;
  if (until !== undefined && until < now.toISOString().slice(0, 10))
    return `'${written}' never fires again: it ended on ${until}`;
  return from === undefined && until === undefined
    ? `'${written}' never fires`
    : `'${written}' never fires in the days that 'from' and 'until' leave`;
}
