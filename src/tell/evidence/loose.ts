/**
 * Readers of values that nobody has checked: facts of tasks, also of the operators' own. What has not the wanted shape
 * is left out; nothing here throws.
 */
export type Loose = Readonly<Record<string, unknown>>;

/** A mapping's own keys, or none. */
export function mapping(value: unknown): Loose {
  return isMapping(value) ? value : {};
}

export function isMapping(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The items of a list for which `read` finds a shape. */
export function items<Item>(value: unknown, read: (item: Loose) => Item | undefined): Item[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => (isMapping(item) ? (read(item) ?? []) : []));
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.flatMap((item: unknown) => text(item) ?? []) : [];
}

/** A measure that is finite and not below zero. */
export function measure(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

/** A whole number from zero. */
export function count(value: unknown): number | null {
  return Number.isSafeInteger(value) ? measure(value) : null;
}

/** An instant, as ISO 8601 in UTC. */
export function instant(value: unknown): string | null {
  const milliseconds = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(milliseconds) ? null : new Date(milliseconds).toISOString();
}

/** One of a few words. */
export function word<Word extends string>(value: unknown, words: readonly Word[]): Word | null {
  return words.find((each) => each === value) ?? null;
}

/** A mapping of names to texts; numbers and booleans are read as they are printed. */
export function textMap(value: unknown): Record<string, string> {
  const entries = Object.entries(mapping(value)).flatMap(([key, each]) =>
    typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean'
      ? [[key, String(each)] as const]
      : [],
  );
  return Object.fromEntries(entries);
}
