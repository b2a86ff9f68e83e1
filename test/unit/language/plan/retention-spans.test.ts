import { expect, test } from 'vitest';
import { retentionSpans, slotOf, type SpanName } from '../../../../src/language/plan/retention-spans.ts';
import { fc } from '../../../fixtures/property.ts';

function slot(at: number | string, name: SpanName, timeZone: string): string {
  const span = retentionSpans.find((each) => each.name === name);
  if (span === undefined) throw new Error(`there is no span ${name}`);
  return slotOf(new Date(at), span, timeZone);
}

test.each([
  ['2025-01-01T02:00:00Z', 'UTC', '2025-01-01', '2025-W01', '2025-01', '2025'],
  ['2024-12-30T02:00:00Z', 'UTC', '2024-12-30', '2025-W01', '2024-12', '2024'],
  ['2027-01-03T02:00:00Z', 'UTC', '2027-01-03', '2026-W53', '2027-01', '2027'],
  ['2025-01-01T02:00:00Z', 'America/New_York', '2024-12-31', '2025-W01', '2024-12', '2024'],
  ['2024-12-31T23:30:00Z', 'Europe/Berlin', '2025-01-01', '2025-W01', '2025-01', '2025'],
  ['2024-12-31T10:30:00Z', 'Pacific/Kiritimati', '2025-01-01', '2025-W01', '2025-01', '2025'],
])('%s in %s falls into its local slots', (at, zone, daily, weekly, monthly, yearly) => {
  expect(retentionSpans.map((span) => slotOf(new Date(at), span, zone))).toEqual([
    daily,
    weekly,
    monthly,
    yearly,
  ]);
});

test.each([
  [
    '2025-03-30',
    ['2025-03-29T23:00:00Z', '2025-03-30T21:59:59Z'],
    ['2025-03-29T22:59:59Z', '2025-03-30T22:00:00Z'],
  ],
  [
    '2025-10-26',
    ['2025-10-25T22:00:00Z', '2025-10-26T22:59:59Z'],
    ['2025-10-25T21:59:59Z', '2025-10-26T23:00:00Z'],
  ],
])('the day %s of a change of clocks in Berlin is one slot of 23 or 25 hours', (day, inside, outside) => {
  for (const at of inside) expect(slot(at, 'daily', 'Europe/Berlin')).toBe(day);
  for (const at of outside) expect(slot(at, 'daily', 'Europe/Berlin')).not.toBe(day);
});

test('a week is seven days from Monday and later instants never fall into earlier slots', () => {
  const instant = fc.integer({ min: Date.UTC(1999, 0, 1), max: Date.UTC(2060, 0, 1) });
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia');
  const span = fc.constantFrom(...retentionSpans);
  fc.assert(
    fc.property(instant, fc.nat(400 * 86_400_000), zone, span, (at, later, timeZone, each) => {
      expect(slotOf(new Date(at), each, timeZone) <= slotOf(new Date(at + later), each, timeZone)).toBe(true);
    }),
  );
  const monday = Date.UTC(2024, 11, 30);
  const week = Array.from({ length: 9 }, (_, day) => slot(monday + (day - 1) * 86_400_000, 'weekly', 'UTC'));
  expect(week).toEqual(['2024-W52', ...Array<string>(7).fill('2025-W01'), '2025-W02']);
});
