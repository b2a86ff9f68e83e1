import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { documentLines, type Damage } from '../../base/document.ts';
import { validate } from '../../language/generated/run-event.validate.ts';
import type { RunRecord } from '../../language/generated/run-record.types.ts';
import type { RunEvent } from './event.ts';
import { createFold } from './fold.ts';

/** One event a line. */
const journalLines = documentLines<RunEvent>({
  name: 'journal of a run',
  // A line of output has at most 4 Ki characters; the facts of a task may be long lists.
  longestBytes: 16 * 1024 * 1024,
  // A step's output is cut at 2 Mi characters, so that a hundred talkative steps fit.
  limitBytes: 256 * 1024 * 1024,
  validate,
});

/** The last events of a journal, with an error's message, fit in here. Bytes. */
const tailBytes = 64 * 1024;

/** The events of a journal's text. Lines that are no event (cut by a kill or a full disk) are left out. */
export function parseJournal(text: string): readonly RunEvent[] {
  return text.split('\n').flatMap((line) => {
    const event = journalLines.parse(Buffer.from(line), '');
    return event.state === 'sound' ? [event.value] : [];
  });
}

/** What a journal tells, and what is wrong with it. */
export interface JournalReading {
  /** Undefined when it does not say which run it is of. */
  readonly record: RunRecord | undefined;
  /** The first thing that is wrong. A run that was killed has cut its last line, which is no fault of its own. */
  readonly damage: Damage | undefined;
}

/** Folds a journal line by line: memory does not grow with it. Never throws; of no file nothing is known. */
export async function readJournal(file: string): Promise<JournalReading> {
  const fold = createFold();
  let first: Damage | undefined;
  for await (const line of journalLines.read(file)) {
    if (line.state === 'sound') fold.add(line.value);
    else first ??= line.damage;
  }
  const record = fold.record();
  const isCut = record !== undefined && !record.complete && first?.kind === 'not-json';
  return { record, damage: isCut ? undefined : (first ?? (record === undefined ? empty(file) : undefined)) };
}

function empty(where: string): Damage {
  return { kind: 'shape', where, problem: 'tells of no run', hint: 'move it away or remove it' };
}

/** The events in the last bytes of a journal. @throws the system's error */
export async function readTail(file: string): Promise<readonly RunEvent[]> {
  // Not blocking: a named pipe in a file's place would be opened for ever.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const found = await handle.stat();
  if (!found.isFile()) return [];
  const { size } = found;
  const length = Math.min(size, tailBytes);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  return parseJournal(buffer.toString('utf8'));
}
