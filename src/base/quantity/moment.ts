import { renderDuration } from './duration.ts';

/** What an instant is told against. */
export interface Reading {
  readonly now: Date;
  /** IANA name of the reader's zone. */
  readonly timeZone: string;
}

/** An instant for people, both ways: `3h 4m ago (2026-11-30 02:00 UTC)`, `in 2d (2026-12-02 03:00 CET)`. */
export function renderMoment(at: Date, reading: Reading): string {
  const time = renderTime(at, reading.timeZone);
  return Number.isNaN(at.getTime()) ? time : `${renderDistance(at, reading.now)} (${time})`;
}

/** `3h 4m ago`, `in 2d 4h`. */
export function renderDistance(at: Date, now: Date): string {
  const distance = at.getTime() - now.getTime();
  return distance > 0 ? `in ${renderDuration(distance)}` : `${renderDuration(-distance)} ago`;
}

/** An instant to the minute in its zone: `2026-11-30 03:00 CET`. One that is none is told as it is. */
export function renderTime(at: Date, timeZone: string): string {
  if (Number.isNaN(at.getTime())) return 'at no known time';
  if (timeZone === 'UTC') return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const format = { timeZone, dateStyle: 'short', timeStyle: 'short' } as const;
  return `${new Intl.DateTimeFormat('sv-SE', format).format(at)} ${zoneName(at, timeZone)}`;
}

/** As people there write it, `CET` or `EST`; the distance from UTC where English has no letters for it. */
function zoneName(at: Date, timeZone: string): string {
  const names = ['en-GB', 'en-US', 'en-AU'].flatMap((locale) =>
    new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' })
      .formatToParts(at)
      .flatMap(({ type, value }) => (type === 'timeZoneName' ? [value] : [])),
  );
  const [first = timeZone] = names;
  return names.find((name) => !name.startsWith('GMT') || name === 'GMT') ?? first.replace('GMT', 'UTC');
}
