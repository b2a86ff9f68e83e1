import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** Lines of JSON in a file, for lists that may be longer than memory is large. */
export interface Spool {
  readonly count: () => number;
  add(value: object): Promise<void>;
  /** What was added, in that order; nothing is added afterwards. */
  lines(): AsyncGenerator;
  close(): Promise<void>;
}

/** Written through in pieces of this many characters. */
const pieceLength = 64 * 1024;

/** Makes the file (0600), or empties it. */
export async function createSpool(path: string): Promise<Spool> {
  const file = await open(path, 'w', 0o600);
  let piece = '';
  let count = 0;
  let writing = Promise.resolve();
  const flush = (): Promise<void> => {
    const text = piece;
    piece = '';
    // One after the other: a FileHandle must not be written to by two at once.
    writing = writing.then(() => file.appendFile(text));
    return writing;
  };
  return {
    count: () => count,
    add: async (value) => {
      count += 1;
      piece += `${JSON.stringify(value)}\n`;
      if (piece.length >= pieceLength) await flush();
    },
    lines: async function* lines() {
      await flush();
      for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity }))
        yield JSON.parse(line) as unknown;
    },
    close: async () => {
      try {
        await flush();
      } finally {
        await file.close();
      }
    },
  };
}
