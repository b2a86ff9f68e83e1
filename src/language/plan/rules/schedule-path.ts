import type { Path } from '../../yaml/yaml-document.ts';
import type { ScheduleEntry } from '../plan.ts';
import { writtenKeys } from '../plan-file.ts';
import type { RuleContext } from './rule.ts';

/** Where an entry is written. One cron entry may have become two calendars. */
export function schedulePath({ file }: RuleContext, entry: ScheduleEntry): Path {
  const schedule = writtenKeys(file.document)['schedule'];
  const entries = Array.isArray(schedule) ? (schedule as readonly Partial<ScheduleEntry>[]) : [];
  const index = entries.findIndex((written) =>
    entry.cron === undefined
      ? written.calendar === entry.calendar && written.from === entry.from && written.until === entry.until
      : written.cron === entry.cron && written.from === entry.from && written.until === entry.until,
  );
  return index === -1 ? ['schedule'] : ['schedule', index];
}
