import { documentLines } from '../base/document.ts';
import { stateFolderFailure } from '../base/state-folder.ts';
import { validate } from '../language/generated/change-line.validate.ts';
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
  for await (const read of changeLines.read(path)) {
    if (read.state === 'damaged') {
      // What cannot be read at all must not pass for nothing done.
      if (read.damage.kind === 'unreadable') throw stateFolderFailure(path, new Error(read.damage.problem));
      continue;
    }
    const line = read.value;
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

/** A key has at most 1 KiB, which escapes make six; the rest is ids and sums. Bytes. */
export const longestChangeLine = 64 * 1024;

export const changeLines = documentLines<Line>({
  name: 'report of restored uploads',
  longestBytes: longestChangeLine,
  // A line is some 400 bytes, and a bucket may have a billion keys.
  limitBytes: Number.MAX_SAFE_INTEGER,
  validate,
});
