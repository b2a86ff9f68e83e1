// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of uploads-check.
 */
export interface UploadsCheckParameters {
  /**
   * Environment whose uploads and references are meant; unless said, the one whose artifact this run has restored, otherwise the step's own.
   */
  from?: string;
  /**
   * The uploads as of: a time on the store's clock, an artifact's name, latest, or now. Unless said, the restored artifact's instant, otherwise now.
   */
  at?: string;
  /**
   * How many of the objects that rows give a sha256 or md5 for are read and hashed: none, whole, or a number of them chosen by chance.
   */
  content?: string | number;
  /**
   * What objects are that no row names: a failure, a warning, or nothing.
   */
  orphans?: 'fail' | 'report' | 'ignore';
  /**
   * Younger objects are no orphans: their row may be on its way.
   */
  grace?: string;
}
