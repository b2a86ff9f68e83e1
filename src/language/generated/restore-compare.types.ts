// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of restore-compare. Unless said, it compares with the artifact that an earlier step of the run restored.
 */
export interface RestoreCompareParameters {
  /**
   * Environment whose repository holds the artifact; that of what was restored, otherwise the step's own, unless said.
   */
  from?: string;
  /**
   * latest, latest-partial, an artifact's name, or a time: the newest one before it. What was restored, unless said.
   */
  artifact?: string;
  /**
   * Compare owners, privileges and settings of the database as well; when this run has restored them, unless said.
   */
  privileges?: boolean;
  /**
   * Tables that are not compared.
   *
   * Items: A table as schema.table, spelled as it is in the database, without quotes.
   */
  ignore?: string[];
  /**
   * Tables that may have more rows than the dump, because something writes to them right after the restore.
   *
   * Items: A table as schema.table, spelled as it is in the database, without quotes.
   */
  'allow-more'?: string[];
}
