// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of postgres-drop, which drops generated names (`${run.scratch}`) and no others.
 */
export interface PostgresDropParameters {
  /**
   * Name of the database; the run's own scratch database unless said.
   */
  database?: string;
  /**
   * Keeps the database when an earlier step of the run has failed, so that a person can look at it, and says how to drop it.
   */
  'keep-on-failure'?: boolean;
}
