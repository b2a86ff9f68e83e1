import type { VersionReference } from './change.ts';
import { copyOfName } from '../s3/copy.ts';
import { headVersion } from '../s3/object.ts';
import type { ObjectVersion } from '../s3/versions.ts';
import { looksEqual } from './object-version.ts';
import type { RestoreWork } from './restore-work.ts';

/**
 * Whether what is current is an object or a copy of it: by what a listing knows, and where a copy's ETag is another, by
 * the mark that such a copy bears. Errors are the store's own.
 */
export async function isCopyOf(
  { store, signal }: Pick<RestoreWork, 'store' | 'signal'>,
  now: ObjectVersion,
  version: VersionReference,
): Promise<boolean> {
  if (now.kind !== 'object' || version.kind !== 'object' || now.bytes !== version.bytes) return false;
  if (now.versionId === version.versionId || looksEqual(now, version)) return true;
  const head = await headVersion(store, now.key, now.versionId, signal);
  return head.Metadata?.[copyOfName] === version.versionId;
}
