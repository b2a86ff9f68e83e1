import type { ObjectVersion } from '../s3/versions.ts';

/** A version as a report names it. */
export type VersionReference = Pick<ObjectVersion, 'versionId' | 'kind' | 'bytes' | 'etag' | 'at'>;

/** One line of the report of an uploads-restore: a key that it has changed. */
export interface Change {
  /** Relative to the uploads' prefix. */
  readonly key: string;
  /** `promoted`: an earlier version was copied to the top. `hidden`: a delete marker was put. `copied`: to elsewhere. */
  readonly action: 'promoted' | 'hidden' | 'copied';
  /** What was current before; null when there was nothing, not even a marker. */
  readonly before: VersionReference | null;
  /** The version that was copied; null for a delete marker. */
  readonly promoted: VersionReference | null;
  /** The version, or the marker, that was made; null where the store did not tell. */
  readonly made: string | null;
  /** `s3://bucket/name` for `copied`. */
  readonly into?: string;
}

/** A change that was begun; whether it was done, nobody noted. */
export type BegunChange = Omit<Change, 'made'> & { readonly made?: undefined };

export function referenceTo(version: VersionReference): VersionReference {
  const { versionId, kind, bytes, etag, at } = version;
  return { versionId, kind, bytes, etag, at };
}
