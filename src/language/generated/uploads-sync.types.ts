// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of uploads-sync. The bucket that is written to is the uploads of the step's environment.
 */
export interface UploadsSyncParameters {
  /**
   * Environment whose uploads are a folder of this host.
   */
  from?: string;
  /**
   * Path of the folder.
   */
  folder?: string;
  /**
   * Globs of the files that take part; all unless said. One without a slash is held against names in any folder.
   *
   * Items: One glob.
   */
  include?: string[];
  /**
   * Globs of files and folders that take no part, also not in deletions. They count for more than include.
   *
   * Items: One glob.
   */
  exclude?: string[];
  /**
   * skip: symbolic links are left out and listed. follow: those that stay within the folder are followed, any other fails the step. fail: any link fails the step, after everything else was synced.
   */
  symlinks?: 'skip' | 'follow' | 'fail';
  /**
   * Whether objects without a file get a delete marker, once everything else is done. Not when a file could not be read.
   */
  delete?: boolean;
  /**
   * The greatest part of the objects that one sync may delete, percent; 25 unless said. A folder without files deletes nothing.
   */
  'delete-limit'?: number;
  /**
   * Sync also to a bucket that keeps no versions, where what is overwritten or deleted is lost.
   */
  'allow-unversioned'?: boolean;
  /**
   * Compare and tell what would change, and change nothing.
   */
  'dry-run'?: boolean;
  /**
   * Files in hand at once.
   */
  concurrency?: number;
  /**
   * Path of a file that gets one line of JSON for each changed key, as cdn-invalidate reads it; written also when the step fails.
   */
  changes?: string;
}
