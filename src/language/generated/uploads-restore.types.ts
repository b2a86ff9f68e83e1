// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of uploads-restore.
 */
export interface UploadsRestoreParameters {
  /**
   * The instant: a time on the store's clock, an artifact's name, or latest. Unless said, that of the artifact that this run has restored.
   */
  at?: string;
  /**
   * The instant of an artifact: latest, its name, or a time, which means the newest one before it.
   */
  artifact?: string;
  /**
   * Environment whose repository holds the artifact; the step's own unless said.
   */
  from?: string;
  /**
   * Only keys that begin so.
   */
  prefix?: string;
  /**
   * Only the keys that this SQL gives in its column key.
   */
  keys?: string;
  /**
   * Copies what was there to another place of the same store, and leaves the bucket as it is.
   */
  into?: {
    /**
     * Name of the bucket.
     */
    bucket: string;
    /**
     * Start of every copy's key, without slashes at its ends.
     */
    prefix?: string;
  };
  /**
   * Counts what would be done, also by an undo, lists it in the run's kept folder, and changes nothing.
   */
  'dry-run'?: boolean;
  /**
   * Does the reverse of an earlier run, all of it: its id, also of another host's run whose report is in the repository, or the path of its changes.ndjson.
   */
  undo?: string;
  /**
   * Keys whose state then cannot be known for sure: fail before anything is changed, skip them, or restore what is known.
   */
  untrusted?: 'fail' | 'skip' | 'restore';
  /**
   * How long to wait for versions that must be requested back first; unless said, they are requested and the step fails.
   */
  'wait-for-archived'?: string;
  /**
   * How fast, and how dearly, archived versions are brought back.
   */
  'archived-tier'?: 'standard' | 'bulk' | 'expedited';
  /**
   * Keys at a time; more pay where the store is far away.
   */
  concurrency?: number;
}
