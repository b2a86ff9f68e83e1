import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { folderFailure } from '../store/folder-failure.ts';
import type { KeyHistory } from './key-history.ts';
import { compareKeys } from '../s3/key-order.ts';

/** A file that lies there, or lay there at the instant. */
export interface PresentObject {
  readonly key: string;
  readonly bytes: number;
  /** When it was written, milliseconds since 1970. */
  readonly at: number;
  /** Undefined in a folder. */
  readonly versionId: string | undefined;
}

/** The objects that were current at the histories' instant, in the order of the keys. */
export async function* objectsAt(histories: AsyncIterable<KeyHistory>): AsyncGenerator<PresentObject> {
  for await (const { then } of histories) {
    if (then?.kind !== 'object') continue;
    // Folders that consoles draw.
    if (then.key.endsWith('/') && then.bytes === 0) continue;
    yield { key: then.key, bytes: then.bytes, at: then.at, versionId: then.versionId };
  }
}

/** The files of a folder in the order that S3 would list them in; one folder's names in memory at a time. Links are no files. */
export async function* filesOf(root: string, signal: AbortSignal, above = ''): AsyncGenerator<PresentObject> {
  const entries = await readdir(join(root, above), { withFileTypes: true }).catch((error: unknown) => {
    throw folderFailure(error, 'list', join(root, above));
  });
  // A folder's files come where its name with a slash does: `a-b` before `a/c`.
  const name = (entry: Dirent): string => `${entry.name}${entry.isDirectory() ? '/' : ''}`;
  for (const entry of entries.sort((left, right) => compareKeys(name(left), name(right)))) {
    signal.throwIfAborted();
    if (entry.isDirectory()) yield* filesOf(root, signal, `${above}${entry.name}/`);
    else if (entry.isFile()) {
      const key = `${above}${entry.name}`;
      const { size, mtimeMs } = await lstat(join(root, key));
      yield { key, bytes: size, at: mtimeMs, versionId: undefined };
    }
  }
}
