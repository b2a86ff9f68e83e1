import { Failure } from '../failure.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const week = 7 * day;

/** The units that an operator may write, smallest first. */
const units = { s: second, m: minute, h: hour, d: day, w: week } as const;

/** For messages about a duration that does not parse. */
export const durationExample = '90s, 30m, 4h, 14d or 8w';

/**
 * Parses a duration as plans write it: a whole number and one unit (`90s 30m 4h 14d 8w`).
 * Milliseconds, or undefined when the text is no such duration or too long to be counted exactly.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(?<count>\d+)(?<unit>[smhdw])$/.exec(text);
  if (match?.groups === undefined) return undefined;
  const milliseconds = Number(match.groups['count']) * units[match.groups['unit'] as keyof typeof units];
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

/**
 * The milliseconds of a text that its schema has held for a duration, or that is its default.
 * @throws Failure `plan-invalid` when it is too long to be counted exactly
 */
export function durationOf(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new Failure('plan-invalid', `'${text}' is too long a duration`);
  return milliseconds;
}

/**
 * Renders whole seconds as a plan would spell them, exactly and in the largest unit that divides them: `4h`, `14d`.
 * The inverse of `parseDuration`; fractions of a second are cut.
 */
export function renderPlanDuration(milliseconds: number): string {
  const whole = Math.max(0, Math.trunc(milliseconds / second)) * second;
  for (const [unit, size] of Object.entries(units).reverse()) {
    if (whole > 0 && whole % size === 0) return `${String(whole / size)}${unit}`;
  }
  return '0s';
}

/**
 * Renders measured milliseconds for people, in the two largest units: `420 ms`, `2.3 s`, `4m 5s`, `1h 3m`, `2d 4h`.
 * Negative values, which only a broken clock could give, count as nothing.
 */
export function renderDuration(milliseconds: number): string {
  const elapsed = Math.max(0, milliseconds);
  if (Math.round(elapsed) < second) return `${String(Math.round(elapsed))} ms`;
  const tenths = Math.round(elapsed / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(elapsed / second) * second;
  if (seconds < hour) return pair(seconds, minute, 'm', second, 's');
  const minutes = Math.round(elapsed / minute) * minute;
  if (minutes < day) return pair(minutes, hour, 'h', minute, 'm');
  return pair(Math.round(elapsed / hour) * hour, day, 'd', hour, 'h');
}

function pair(value: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const whole = `${String(Math.floor(value / large))}${largeUnit}`;
  const rest = Math.floor((value % large) / small);
  return rest === 0 ? whole : `${whole} ${String(rest)}${smallUnit}`;
}
