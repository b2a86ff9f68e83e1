import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { Failure } from '../base/failure.ts';
import { isNamed, isTooMuch, statusOf } from '../s3/failure.ts';

/** Keys that are named in a message and in the record. */
export const namedKeys = 20;
/** When so many were refused and none was not, it is not the keys. */
const hopeless = 500;

/** Refusals that are about the whole bucket or the caller, whatever the key. */
const ofEverything = [
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidToken',
  'ExpiredToken',
  'RequestTimeTooSkewed',
  'NoSuchBucket',
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
];

/** Whether one key was refused, by the store or by us, so that the others may go on. */
export function isOfTheKey(error: unknown): boolean {
  if (error instanceof Failure && error.code === 'target-refused') return true;
  const status = statusOf(error);
  if (status === undefined || status < 400 || status >= 500 || isTooMuch(error)) return false;
  return !isNamed(error, ...ofEverything);
}

/** Lines about keys: the first named, all in a file, none in memory. */
export interface KeyList {
  readonly count: number;
  /** The first so many, as they are told. */
  readonly first: readonly string[];
  add(key: string, line: Readonly<Record<string, unknown>>): Promise<void>;
  /** Once all were added. */
  close(): Promise<void>;
}

/** A list whose file is made with the first line. */
export function createKeyList(path: string): KeyList {
  const first: string[] = [];
  let count = 0;
  let stream: WriteStream | undefined;
  return {
    get count() {
      return count;
    },
    first,
    add: async (key, line) => {
      count += 1;
      if (first.length < namedKeys) first.push(key);
      stream ??= createWriteStream(path, { mode: 0o600 });
      if (!stream.write(`${JSON.stringify({ key, ...line })}\n`)) await once(stream, 'drain');
    },
    close: async () => {
      const open = stream;
      if (open === undefined) return;
      stream = undefined;
      open.end();
      await finished(open);
    },
  };
}

/** Notes a refused key and lets the rest go on. @throws what is not about the key, or about every key */
export async function noteRefused(
  refused: KeyList,
  key: string,
  error: unknown,
  done: number,
): Promise<void> {
  if (!(error instanceof Failure) || !isOfTheKey(error)) throw error;
  await refused.add(key, { error: error.message });
  if (refused.count >= hopeless && done === 0) throw error;
}

/** `a`, `b` and 18 more: keys as JSON shows them, so that spaces and newlines are seen. */
export function nameKeys(keys: readonly string[], count: number): string {
  const named = keys.map((key) => JSON.stringify(key)).join(', ');
  return count > keys.length ? `${named} and ${count - keys.length} more` : named;
}
