import { parseCalendar } from '../schedule/calendar.ts';
import { parseCron } from '../schedule/cron.ts';
import type { ExpressionMistake } from '../schedule/expression.ts';
import type { WrittenScheduleEntry } from '../generated/plan.types.ts';
import { Open, type MayBeOpen } from '../yaml/open.ts';
import type { Path } from '../yaml/yaml-document.ts';
import type { ScheduleEntry } from './plan.ts';
import type { Finding } from './plan-file.ts';

/** A schedule's entries with cron converted, and what is wrong with them. An entry that does not parse is left out. */
export function normaliseSchedule(
  written: readonly MayBeOpen<WrittenScheduleEntry | null>[],
  zone: string,
): { readonly schedule: readonly ScheduleEntry[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const schedule = written.flatMap((entry, index) => {
    if (entry === null) return [];
    const path = ['schedule', index];
    const known = withoutOpen(entry);
    const days = { ...day('from', known, path, findings), ...day('until', known, path, findings) };
    return [...ofCalendar(known, path, findings), ...ofCron(known, zone, path, findings)].map((base) => ({
      ...base,
      ...days,
    }));
  });
  return { schedule, findings };
}

function ofCalendar(
  { calendar }: WrittenScheduleEntry,
  path: Path,
  findings: Finding[],
): readonly ScheduleEntry[] {
  if (calendar === undefined) return [];
  const parsed = parseCalendar(calendar);
  if ('calendar' in parsed) return [{ calendar }];
  findings.push(mistake('bad-calendar', calendar, parsed.mistake, [...path, 'calendar']));
  return [];
}

function ofCron(
  { cron }: WrittenScheduleEntry,
  zone: string,
  path: Path,
  findings: Finding[],
): readonly ScheduleEntry[] {
  if (cron === undefined) return [];
  const parsed = parseCron(cron, zone);
  if ('calendars' in parsed) return parsed.calendars.map((calendar) => ({ calendar, cron }));
  findings.push(mistake('bad-cron', cron, parsed.mistake, [...path, 'cron']));
  return [];
}

function withoutOpen(entry: MayBeOpen<WrittenScheduleEntry>): WrittenScheduleEntry {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => !(value instanceof Open)));
}

function mistake(
  rule: string,
  text: string,
  { message, offset, length }: ExpressionMistake,
  path: Path,
): Finding {
  const part = { text: text.slice(offset, offset + length), offset };
  return { rule, message: `'${text}': ${message}`, path, part };
}

function day(
  key: 'from' | 'until',
  entry: WrittenScheduleEntry,
  path: Path,
  findings: Finding[],
): Pick<ScheduleEntry, 'from' | 'until'> {
  const text = entry[key];
  if (text === undefined) return {};
  // Date.parse rolls 30 February over into March.
  const isDay = !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
  if (isDay) return key === 'from' ? { from: text } : { until: text };
  findings.push({ rule: 'bad-date', message: `there is no day '${text}'`, path: [...path, key] });
  return {};
}
