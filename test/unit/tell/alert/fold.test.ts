import { expect, test } from 'vitest';
import { pruneRepeats, quietUntil, remember, sameness } from '../../../../src/tell/alert/fold.ts';
import type { Repeat } from '../../../../src/language/generated/alert-state.types.ts';

const hourMs = 3_600_000;
const begin = Date.parse('2026-11-24T02:00:00.000Z');
const after = (hours: number): Date => new Date(begin + hours * hourMs);

/** The hours at which something is told that is so every `everyHours`, over a week. */
function toldAt(everyHours: number, pace: 'growing' | 'weekly', days = 7): readonly number[] {
  const told: number[] = [];
  let repeat: Repeat | undefined;
  for (let hours = 0; hours < days * 24; hours += everyHours) {
    const isTold = quietUntil(repeat, pace, after(hours)) === undefined;
    if (isTold) told.push(Math.round(hours));
    repeat = remember(repeat, isTold, after(hours));
  }
  return told;
}

test('a failure of every five minutes is told a dozen times in a week, soon at first', () => {
  expect(toldAt(1 / 12, 'growing')).toEqual([0, 1, 3, 7, 15, 31, 51, 71, 91, 111, 131, 151]);
});

test('a failure of every night is told every morning, also when it comes minutes earlier', () => {
  expect(toldAt(24, 'growing')).toHaveLength(7);
  expect(toldAt(23.8, 'growing')).toHaveLength(8);
});

test('what can wait is told every week', () => {
  expect(toldAt(24, 'weekly', 22)).toEqual([0, 168, 336, 504]);
});

test('a clock that was set back makes nobody deaf, and what was not delivered was not told', () => {
  const repeat = remember(undefined, true, after(100));
  expect(quietUntil(repeat, 'growing', after(99))).toBeUndefined();
  expect(remember(undefined, false, after(0))).toBeUndefined();
  expect(remember(repeat, false, after(101))).toMatchObject({ told: 1, toldAt: after(100).toISOString() });
});

test('numbers, times and ids do not make another error; words do', () => {
  const first = sameness('command-failed', 'the script exited with 3\npg_cleaning_20261124T020000Z: 17 rows');
  expect(sameness('command-failed', 'the script exited with 3\npg_cleaning_20261125T020000Z: 19 rows')).toBe(
    first,
  );
  expect(sameness('command-failed', 'the script exited with 3\nno space left')).not.toBe(first);
});

test('what is remembered stays small', () => {
  const repeats = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [
      `failed ${String(index)}`,
      { told: 1, toldAt: '', seenAt: after(-index * 24).toISOString() },
    ]),
  );
  const kept = Object.keys(pruneRepeats(repeats, after(0)));
  expect(kept).toHaveLength(50);
  expect(kept[0]).toBe('failed 0');
});
