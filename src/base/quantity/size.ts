/** The units that an operator may write: SI powers of 1000 and IEC powers of 1024, smallest first. */
const units = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  KiB: 2 ** 10,
  MB: 1e6,
  MiB: 2 ** 20,
  GB: 1e9,
  GiB: 2 ** 30,
  TB: 1e12,
  TiB: 2 ** 40,
} as const;

/** For messages about a size that does not parse. */
export const sizeExample = '512MiB, 64KiB or 2GB';

const renderedUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/**
 * Parses a size as plans write it: a whole number and one unit (`512MiB`, `2GB`).
 * Bytes, or undefined when the text is no such size or too large to be counted exactly.
 */
export function parseSize(text: string): number | undefined {
  const match = /^(?<count>\d+)(?<unit>B|[kKMGT]B|[KMGT]iB)$/.exec(text);
  if (match?.groups === undefined) return undefined;
  const bytes = Number(match.groups['count']) * units[match.groups['unit'] as keyof typeof units];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/**
 * Renders bytes as a plan would spell them, exactly and in the largest unit that divides them: `512MiB`, `2GB`.
 * The inverse of `parseSize`.
 */
export function renderPlanSize(bytes: number): string {
  const whole = Math.max(0, Math.trunc(bytes));
  for (const [unit, size] of Object.entries(units).sort(([, a], [, b]) => b - a)) {
    if (whole > 0 && whole % size === 0) return `${String(whole / size)}${unit}`;
  }
  return '0B';
}

/** Renders bytes for people in SI units with three significant digits: `0 B`, `57.6 MB`, `1.40 GB`. */
export function renderBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  for (const unit of renderedUnits) {
    if (unit === 'B' && Math.round(value) < 1000) return `${String(Math.round(value))} B`;
    // 999.5 would round up to four digits: the next unit says it better.
    if (value < 999.5 || unit === 'PB') return `${threeDigits(value)} ${unit}`;
    value /= 1000;
  }
  return '';
}

/** Renders a throughput: `131 MB/s`. Durations below one millisecond count as one. */
export function renderRate(bytes: number, durationMs: number): string {
  return `${renderBytes((bytes * 1000) / Math.max(1, durationMs))}/s`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}
