import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Problem } from '../problem.ts';

/** An operator's file as text. `file` is the path as it is told to the operator. */
export interface Source {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly text: string;
}

export type SourceReading =
  | { readonly source: Source; readonly problem?: undefined }
  | { readonly source?: undefined; readonly problem: Problem };

/** A plan of this size is a mistake; reading on would only make its problems slow to appear. */
const greatestBytes = 2 ** 20;

/** Reads a file strictly: UTF-8, at most 1 MiB, not empty. A byte order mark is dropped. Never throws. */
export async function readSource(path: string, file: string): Promise<SourceReading> {
  try {
    const found = statSync(path);
    // It would be waited for until somebody writes; a shell's `<(…)` is below /dev/fd.
    if (found.isFIFO() && !path.startsWith('/dev/fd/'))
      return refuse(file, 'unreadable-file', 'cannot read the file: it is a named pipe');
    if (found.isCharacterDevice() || found.isBlockDevice() || found.isSocket())
      return refuse(file, 'unreadable-file', 'cannot read the file: it is a device or a socket');
    const { size } = found;
    if (size > greatestBytes) return tooLarge(file, size);
    // A file of a few kilobytes is there sooner than a thread that would read it.
    return decode(file, found.isFile() ? readFileSync(path) : await readFile(path));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/, \w+ '.*$/, '') : String(error);
    return refuse(file, 'unreadable-file', `cannot read the file: ${reason}`);
  }
}

/** The same for bytes that are already in memory. */
export function decode(file: string, bytes: Uint8Array): SourceReading {
  if (bytes.length > greatestBytes) return tooLarge(file, bytes.length);
  if (!isUtf8(bytes)) return notUtf8(file, bytes);
  const text = new TextDecoder('utf-8').decode(bytes);
  if (text.trim() === '') return refuse(file, 'empty-file', 'the file is empty');
  return { source: { file, bytes, text } };
}

function tooLarge(file: string, size: number): SourceReading {
  const limit = `${String(greatestBytes)} bytes`;
  return refuse(
    file,
    'file-too-large',
    `the file has ${String(size)} bytes, more than the limit of ${limit}`,
  );
}

function notUtf8(file: string, bytes: Uint8Array): SourceReading {
  const before = new TextDecoder('utf-8').decode(bytes).split('\ufffd', 1)[0] ?? '';
  const lines = before.split('\n');
  const problem: Problem = {
    file,
    line: lines.length,
    column: [...(lines.at(-1) ?? '')].length + 1,
    severity: 'error',
    rule: 'not-utf8',
    message: 'the file is not UTF-8 from here on',
    hint: 'save it with the encoding UTF-8',
  };
  return { problem };
}

function refuse(file: string, rule: string, message: string): SourceReading {
  return { problem: { file, line: 1, column: 1, severity: 'error', rule, message } };
}
