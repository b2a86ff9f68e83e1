import { readFile } from 'node:fs/promises';
import type { RunEvent } from './event.ts';

/** The events of a journal's text. Lines that are no event (cut by a kill or a full disk) are left out. */
export function parseJournal(text: string): readonly RunEvent[] {
  return text.split('\n').flatMap((line) => {
    const event = parseEvent(line);
    return event === undefined ? [] : [event];
  });
}

/** The events of a journal, or none when there is no such file. */
export async function readJournal(file: string): Promise<readonly RunEvent[]> {
  return parseJournal(await readFile(file, 'utf8').catch(() => ''));
}

function parseEvent(line: string): RunEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Partial<RunEvent>;
    return typeof value.type === 'string' && typeof value.at === 'string' ? (value as RunEvent) : undefined;
  } catch {
    return undefined;
  }
}
