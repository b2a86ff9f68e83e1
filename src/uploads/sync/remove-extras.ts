import { lstat } from 'node:fs/promises';
import { Failure } from '../../base/failure.ts';
import { urlOf, type S3 } from '../../s3/client.ts';
import { removeObject } from '../../s3/object.ts';
import { pathOf, bytesOf, type ByteText } from './byte-text.ts';
import { codeOf } from './system-reason.ts';

/** What a sync knows once it has seen everything. */
export interface ExtrasCount {
  /** Objects that the folder has no file for. */
  readonly extras: number;
  /** Objects that take part in the sync. */
  readonly objects: number;
  /** Files in the folder that take part. */
  readonly files: number;
  /** The greatest part of the objects that may go at once, percent. */
  readonly limitPercent: number;
}

/** Why so many deletions cannot be what was meant, or undefined when they can. Pure. */
export function deletionFault({ extras, objects, files, limitPercent }: ExtrasCount): string | undefined {
  if (extras === 0) return undefined;
  if (files === 0) return 'the folder has no files';
  if (extras * 100 <= objects * limitPercent) return undefined;
  return `${String(extras)} of ${String(objects)} objects would go, more than ${String(limitPercent)} %`;
}

/** @throws Failure `target-refused` */
export function refuseDeletions(store: S3, count: ExtrasCount): void {
  const fault = deletionFault(count);
  if (fault === undefined) return;
  throw new Failure('target-refused', `nothing was deleted from ${urlOf(store.location)}: ${fault}`, {
    hint:
      count.files === 0
        ? 'A disk that is not mounted looks like this. To empty the bucket on purpose, do it by hand.'
        : "Look at the folder; if that is right, raise 'delete-limit'.",
  });
}

/**
 * Puts a delete marker on a key, where the folder still has no file for it; tells whether it did. In a versioned
 * bucket the versions stay.
 * @throws Failure `repository-*`
 */
export async function removeExtra(
  store: S3,
  root: ByteText,
  key: string,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  if (await isThere(`${root}/${bytesOf(key)}`)) return false;
  if (dryRun) return true;
  // One by one: the list of a batch is XML, which cannot hold every character of a key.
  await removeObject(store, key, { signal });
  return true;
}

/** Whether something other than a folder bears the name. What cannot be looked at may be there. */
async function isThere(path: ByteText): Promise<boolean> {
  try {
    return !(await lstat(pathOf(path))).isDirectory();
  } catch (error) {
    const code = codeOf(error);
    return code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ENAMETOOLONG';
  }
}
