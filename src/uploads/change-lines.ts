import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { BegunChange, Change } from './change.ts';

/** A change that was begun reads `begun` for its action, and what it was to become beside it. */
export function lineOf(change: Change | BegunChange): string {
  const line = change.made === undefined ? { ...change, action: 'begun', intended: change.action } : change;
  return `${JSON.stringify(line)}\n`;
}

/** A change that was refused and has not happened. */
export function undoneLine(key: string): string {
  return `${JSON.stringify({ key, action: 'none' })}\n`;
}

/**
 * The changes of a report or a journal in their order, and last those that were begun and perhaps done: no more of them
 * than were under way at once. A torn line is passed over, because its change had not begun, or is known as begun.
 */
export async function* readChanges(path: string): AsyncGenerator<Change | BegunChange> {
  const begun = new Map<string, BegunChange>();
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const line = parseLine(text);
    if (line === undefined) continue;
    if (line.action === 'begun') begun.set(line.key, { ...line, action: line.intended });
    else {
      begun.delete(line.key);
      if (line.action !== 'none') yield line;
    }
  }
  yield* begun.values();
}

type Line =
  | Change
  | { readonly key: string; readonly action: 'none' }
  | (Omit<BegunChange, 'action'> & { readonly action: 'begun'; readonly intended: Change['action'] });

function parseLine(text: string): Line | undefined {
  try {
    const value = JSON.parse(text) as Line | null;
    return typeof value?.key === 'string' && typeof value.action === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
