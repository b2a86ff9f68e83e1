import { Failure } from '../base/failure.ts';

/** Temporary files of a folder repository begin so, and no key may have a part that does. */
export const partialPrefix = '.partial-';

/** Longest key of S3 and longest file name of every file system in use, in bytes of UTF-8. */
const longestKey = 1024;
const longestPart = 255;

/**
 * Refuses keys that one of the stores could not hold or that would leave the repository: the same for all stores, so
 * that what was stored in one can be copied to another.
 * @throws Failure `repository-write` naming the key.
 */
export function checkKey(key: string): void {
  const fault = faultOf(key);
  if (fault === undefined) return;
  throw new Failure('repository-write', `The key ${JSON.stringify(key)} cannot be stored: ${fault}`, {
    hint: 'Keys are relative paths with / between their parts.',
    where: key,
  });
}

function faultOf(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (/\p{Cc}/u.test(key)) return 'it holds a control character';
  if (Buffer.byteLength(key) > longestKey) return `it is longer than ${longestKey} bytes`;
  for (const part of key.split('/')) {
    if (part === '' || part === '.' || part === '..') return `a part of it is ${JSON.stringify(part)}`;
    if (part.startsWith(partialPrefix)) return `${partialPrefix} begins the names of unfinished files`;
    if (Buffer.byteLength(part) > longestPart) return `a part of it is longer than ${longestPart} bytes`;
  }
  return undefined;
}
