// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * One line of the report or journal of an uploads-restore: a key that was changed, or is about to be.
 */
export type ChangeLine = {
  /**
   * Relative to the uploads' prefix.
   */
  key: string;
  /**
   * begun: it may have been done; none: it was refused.
   */
  action: 'promoted' | 'hidden' | 'copied' | 'begun' | 'none';
  /**
   * What was begun.
   */
  intended?: 'promoted' | 'hidden' | 'copied';
  before?: ChangedVersion;
  promoted?: ChangedVersion1;
  /**
   * The version, or the marker, that was made; null where the store did not tell.
   */
  made?: string | null;
  /**
   * Where it was copied.
   */
  into?: string;
};
/**
 * A version of a key.
 */
export type ChangedVersion = {
  /**
   * The store's name of it.
   */
  versionId: string;
  /**
   * What it is.
   */
  kind: 'object' | 'marker';
  /**
   * Its size.
   */
  bytes: number;
  /**
   * As the store says.
   */
  etag: string;
  /**
   * When it was made, milliseconds since 1970.
   */
  at: number;
} | null;
/**
 * A version of a key.
 */
export type ChangedVersion1 = {
  /**
   * The store's name of it.
   */
  versionId: string;
  /**
   * What it is.
   */
  kind: 'object' | 'marker';
  /**
   * Its size.
   */
  bytes: number;
  /**
   * As the store says.
   */
  etag: string;
  /**
   * When it was made, milliseconds since 1970.
   */
  at: number;
} | null;
