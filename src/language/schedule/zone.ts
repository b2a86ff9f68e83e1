const formats = new Map<string, Intl.DateTimeFormat>();
const day = 86_400_000;

/**
 * The time of day on a wall in some zone, as milliseconds since 1970 if that wall showed UTC. A plain number, so that
 * calendar arithmetic needs no zone; `instantOf` and `wallOf` are the only ways in and out.
 */
export type WallTime = number;

/** What is wrong with a time zone's name, or undefined when it is one that systemd and this host both know. */
export function zoneMistake(name: string): string | undefined {
  // The first question to Intl loads its data, a tenth of a start-up; most plans need none.
  if (name === 'UTC') return undefined;
  const canonical = canonicalZone(name);
  if (canonical === undefined) return `'${name}' is no time zone`;
  // systemd looks the name up as a file, so its case counts; Intl forgives.
  if (canonical === name || canonical.toLowerCase() !== name.toLowerCase()) return undefined;
  return `'${name}' is no time zone; did you mean '${canonical}'`;
}

function canonicalZone(name: string): string | undefined {
  if (!/^[A-Za-z][\w+/-]*$/.test(name)) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** What a wall clock in the zone shows at an instant (milliseconds since 1970). */
export function wallOf(instant: number, zone: string): WallTime {
  return instant + offsetAt(instant, zone);
}

/**
 * The instant at which a wall clock in the zone shows a time: the first of two where clocks go back, undefined for a
 * time that is skipped where they go forward. This is what systemd does with timers.
 */
export function instantOf(wall: WallTime, zone: string): number | undefined {
  const before = offsetAt(wall - day, zone);
  const after = offsetAt(wall + day, zone);
  if (before === after) return wall - before;
  const candidates = [wall - before, wall - after].filter((instant) => wallOf(instant, zone) === wall);
  return candidates.length === 0 ? undefined : Math.min(...candidates);
}

/** The first instant of a wall clock's day, which need not be midnight where clocks change then. */
export function startOfDay(wall: WallTime, zone: string): number {
  const midnight = Math.floor(wall / day) * day;
  return instantOf(midnight, zone) ?? midnight - offsetAt(midnight - day, zone);
}

/**
 * Asking Intl costs a hundred times the arithmetic, and a schedule asks thousands of times. Offsets change a few times
 * a year and never twice within a week, so where both ends of a week agree the days between do.
 */
function offsetAt(instant: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  ) as Record<string, number>;
  const { year = 0, month = 0, day: date = 0, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, date, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}
