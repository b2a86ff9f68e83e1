import { open } from 'node:fs/promises';
import { Failure } from '../../base/failure.ts';
import { codeOf, reasonOf } from '../sync/system-reason.ts';
import type { ScopeBuilder } from './scope.ts';
import { pathsOfKey, type PathEncoding } from './url-path.ts';

export interface KeyMapping {
  readonly basePath: string;
  /** Beginning of the keys that the CDN's addresses do not have. */
  readonly stripPrefix: string;
  readonly encode: PathEncoding;
}

export interface ReadChanges {
  /** Lines that were read. */
  readonly keys: number;
  /** Keys that do not begin with the prefix to strip: the CDN does not serve them. */
  readonly outside: number;
}

/**
 * Reads changed keys from a file with one JSON object a line, each with a `key`, as uploads-sync and uploads-restore
 * write it.
 * @throws Failure `invalidation-failed` naming the line
 */
export async function addChanges(
  path: string,
  mapping: KeyMapping,
  builder: ScopeBuilder,
  signal: AbortSignal,
): Promise<ReadChanges> {
  let keys = 0;
  let outside = 0;
  let number = 0;
  for await (const line of linesOf(path, signal)) {
    number += 1;
    if (line.trim() === '') continue;
    keys += 1;
    const key = keyOn(line, path, number);
    if (!key.startsWith(mapping.stripPrefix)) {
      outside += 1;
      continue;
    }
    const own = key.slice(mapping.stripPrefix.length);
    for (const one of pathsOfKey(own, mapping.basePath, mapping.encode)) builder.add(one);
  }
  return { keys, outside };
}

async function* linesOf(path: string, signal: AbortSignal): AsyncGenerator<string> {
  try {
    await using file = await open(path);
    for await (const line of file.readLines()) {
      signal.throwIfAborted();
      yield line;
    }
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new Failure('invalidation-failed', `the changes in ${path} cannot be read: ${reasonOf(error)}`, {
      hint: "Name the file that an earlier step wrote: 'changes: ${steps.ID.changes}'.",
      where: path,
    });
  }
}

function keyOn(line: string, path: string, number: number): string {
  try {
    const value = JSON.parse(line) as unknown;
    if (typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string')
      return value.key;
  } catch {
    // Told below.
  }
  throw new Failure('invalidation-failed', `line ${String(number)} of ${path} is no JSON object with a key`, {
    hint: 'Nothing was invalidated. Each line is to be like {"key":"photos/1.jpg"}.',
    where: `${path}:${String(number)}`,
  });
}

/** Paths as a plan writes them: from the root, as in an address; one that ends in `*` is a prefix. */
export function addWrittenPaths(paths: readonly string[], builder: ScopeBuilder): void {
  for (const path of paths) {
    // Encodes what an address cannot hold, and leaves what is encoded already.
    const { pathname, search } = new URL(`http://host${path}`);
    if (path.endsWith('*')) builder.addPrefix(pathname.slice(0, -1));
    else builder.add(pathname + search);
  }
}
