import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ByteText } from './byte-text.ts';

/** A name with what is to be remembered of it. */
export interface SortedName<Note> {
  readonly name: ByteText;
  readonly note: Note | undefined;
}

/** Puts names in the order of their bytes, however many there are. */
export interface NameSorter<Note> {
  add(name: ByteText, note?: Note): Promise<void>;
  /** All of them, in order; nothing is added afterwards. */
  sorted(): AsyncGenerator<SortedName<Note>>;
  /** Removes its files. */
  remove(): Promise<void>;
}

/** What ends a name and its note: the one byte that no name has, and the smallest. */
const end = '\0';
/** Names in one write. */
const togetherNames = 1000;

/**
 * Holds at most `most` names; the others lie in sorted files in the `scratch` folder, which are merged afterwards: with
 * 100,000 names in memory a folder of ten million needs a hundred of them.
 */
export function createNameSorter<Note extends object>(scratch: string, most: number): NameSorter<Note> {
  const files: string[] = [];
  // Name, end, note: such texts sort as their names do, because the end is smaller than whatever a longer name goes on with.
  let lines: string[] = [];
  const spill = async (): Promise<void> => {
    const path = join(scratch, `names-${randomUUID()}`);
    files.push(path);
    await pipeline(Readable.from(pieces(lines.sort())), createWriteStream(path, { mode: 0o600 }));
    lines = [];
  };
  return {
    add: async (name, note) => {
      lines.push(`${name}${end}${note === undefined ? '' : asciiJson(note)}`);
      if (lines.length >= most) await spill();
    },
    sorted: async function* () {
      if (files.length === 0) {
        for (const line of lines.sort()) yield parse<Note>(line);
        return;
      }
      if (lines.length > 0) await spill();
      for await (const line of merge(files)) yield parse<Note>(line);
    },
    remove: async () => {
      await Promise.all(files.map((path) => rm(path, { force: true })));
    },
  };
}

/** Lines of one character a byte. */
function asciiJson(note: object): string {
  return JSON.stringify(note).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function parse<Note>(line: string): SortedName<Note> {
  const place = line.indexOf(end);
  const note = line.slice(place + 1);
  return { name: line.slice(0, place), note: note === '' ? undefined : (JSON.parse(note) as Note) };
}

function* pieces(lines: readonly string[]): Generator<Buffer> {
  for (let first = 0; first < lines.length; first += togetherNames) {
    const texts = lines.slice(first, first + togetherNames).map((line) => line + end);
    yield Buffer.from(texts.join(''), 'latin1');
  }
}

async function* merge(files: readonly string[]): AsyncGenerator<string> {
  const readers = files.map((path) => readLines(path));
  try {
    const heads = await Promise.all(readers.map(async (reader) => ({ reader, next: await reader.next() })));
    for (;;) {
      let least: { readonly head: (typeof heads)[number]; readonly line: string } | undefined;
      for (const head of heads) {
        if (head.next.done === true) continue;
        if (least === undefined || head.next.value < least.line) least = { head, line: head.next.value };
      }
      if (least === undefined) return;
      yield least.line;
      least.head.next = await least.head.reader.next();
    }
  } finally {
    await Promise.all(readers.map((reader) => reader.return(undefined)));
  }
}

/** The lines of a file: name, end, note, each without what ends it. */
async function* readLines(path: string): AsyncGenerator<string, undefined> {
  let rest: readonly string[] = [];
  for await (const text of createReadStream(path, 'latin1') as AsyncIterable<string>) {
    const parts = [...rest.slice(0, -1), ...`${rest.at(-1) ?? ''}${text}`.split(end)];
    // The last part may go on in the next piece, and a name goes on with its note.
    const whole = parts.length - 1 - ((parts.length - 1) % 2);
    for (let place = 0; place < whole; place += 2)
      yield `${parts[place] ?? ''}${end}${parts[place + 1] ?? ''}`;
    rest = parts.slice(whole);
  }
  return undefined;
}
