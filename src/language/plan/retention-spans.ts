import { known, type Open } from '../yaml/open.ts';

/**
 * The spans of the calendar of which retention keeps one artifact each. A row here and `keep-NAME` in the plan's schema
 * are all that a span is.
 */
export interface RetentionSpan {
  readonly name: string;
  /** The longest that one lasts. */
  readonly longestMs: number;
  /** The slot of a date (`2025-01-31`): slots of one span sort as text. */
  readonly slotOf: (date: string) => string;
}

const dayMs = 24 * 60 * 60 * 1000;

/** From the shortest to the longest. */
export const retentionSpans = [
  { name: 'daily', longestMs: dayMs, slotOf: (date: string) => date },
  { name: 'weekly', longestMs: 7 * dayMs, slotOf: isoWeek },
  { name: 'monthly', longestMs: 31 * dayMs, slotOf: (date: string) => date.slice(0, -3) },
  { name: 'yearly', longestMs: 366 * dayMs, slotOf: (date: string) => date.slice(0, -6) },
] as const satisfies readonly RetentionSpan[];

export type SpanName = (typeof retentionSpans)[number]['name'];

/** How many slots of each span are kept: `keepDaily`, `keepWeekly` … */
export type SpanCounts = { readonly [Name in SpanName as `keep${Capitalize<Name>}`]?: number };

/** The spans that a policy counts, with how many slots of each. */
export function countedSpans(counts: SpanCounts): readonly (RetentionSpan & { readonly count: number })[] {
  return retentionSpans.flatMap((span) => {
    const count = counts[`keep${capitalised(span.name)}`];
    return count === undefined ? [] : [{ ...span, count }];
  });
}

/** The counts of the keys `keep-daily`, `keep-weekly` …, as far as they are known. */
export function readSpanCounts(written: {
  readonly [Name in SpanName as `keep-${Name}`]?: number | Open;
}): SpanCounts {
  return Object.fromEntries(
    retentionSpans.flatMap(({ name }) => {
      const count = known(written[`keep-${name}`]);
      return count === undefined ? [] : [[`keep${capitalised(name)}`, count]];
    }),
  );
}

function capitalised<Name extends string>(name: Name): Capitalize<Name> {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}` as Capitalize<Name>;
}

/**
 * The slot that an instant falls into, on the calendar of an IANA zone: `2025-01-31`, `2025-W05` (ISO week, which
 * belongs to the year of its Thursday), `2025-01`, `2025`. Daylight saving changes no slot, because slots are dates
 * and not spans of hours.
 */
export function slotOf(at: Date, span: RetentionSpan, timeZone: string): string {
  return span.slotOf(localDate(at, timeZone));
}

/** Making a formatter costs a thousand times a use of it. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function localDate(at: Date, timeZone: string): string {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-CA-u-ca-gregory-nu-latn', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    formatters.set(timeZone, formatter);
  }
  const parts = Object.fromEntries(formatter.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${parts['year']?.padStart(4, '0') ?? ''}-${parts['month'] ?? ''}-${parts['day'] ?? ''}`;
}

/** ISO 8601 week of a date: weeks begin on Monday, and week 1 is the one with the year's first Thursday. */
function isoWeek(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  const daysSinceMonday = (day.getUTCDay() + 6) % 7;
  const thursday = new Date(day.getTime() + (3 - daysSinceMonday) * dayMs);
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs));
  return `${String(year).padStart(4, '0')}-W${String(week).padStart(2, '0')}`;
}
