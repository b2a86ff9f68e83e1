// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of drill-require.
 */
export interface DrillRequireParameters {
  /**
   * latest, latest-partial, an artifact's name, or a time: the newest one before it. latest unless said.
   */
  artifact?: string;
  /**
   * Lets a drill of another artifact of the same database count too, when it is not older than this. Unless said, this very artifact must have been drilled.
   */
  'max-age'?: string;
  /**
   * Environment whose repository holds the artifact; the step's own unless said.
   */
  from?: string;
}
