/** The calendar spans that retention keeps one artifact of. */
export type SlotSpan = 'daily' | 'weekly' | 'monthly' | 'yearly';

/**
 * The slot that an instant falls into, on the calendar of an IANA zone: `2025-01-31`, `2025-W05` (ISO week, which
 * belongs to the year of its Thursday), `2025-01`, `2025`. Daylight saving changes no slot, because slots are dates
 * and not spans of hours. Slots of one span sort as text.
 */
export function slotOf(at: Date, span: SlotSpan, timeZone: string): string {
  const date = localDate(at, timeZone);
  switch (span) {
    case 'daily':
      return date;
    case 'weekly':
      return isoWeek(date);
    case 'monthly':
      return date.slice(0, -3);
    case 'yearly':
      return date.slice(0, -6);
  }
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

const dayMs = 24 * 60 * 60 * 1000;

/** ISO 8601 week of a date: weeks begin on Monday, and week 1 is the one with the year's first Thursday. */
function isoWeek(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  const daysSinceMonday = (day.getUTCDay() + 6) % 7;
  const thursday = new Date(day.getTime() + (3 - daysSinceMonday) * dayMs);
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs));
  return `${String(year).padStart(4, '0')}-W${String(week).padStart(2, '0')}`;
}
