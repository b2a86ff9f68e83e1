// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Who holds a plan's lock on this host. Kept in the state folder as locks/<plan>.lock, empty while nobody does.
 */
export interface LockHolder {
  /**
   * A run's id.
   */
  runId: string;
  /**
   * Its process.
   */
  pid: number;
  /**
   * Its host.
   */
  host: string;
  /**
   * ISO 8601, UTC.
   */
  startedAt: string;
}
