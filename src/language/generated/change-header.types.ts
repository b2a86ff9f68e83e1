// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * What the keys are brought back to: an instant, or a report that is undone; with what narrows it.
 */
export type Purpose = string;

/**
 * What a report of an uploads-restore is about. Lies beside it as restore.json, and is the first line of the stored report.
 */
export interface ChangeHeader {
  /**
   * The bucket and its endpoint.
   */
  uploads: string;
  work: Purpose;
  /**
   * The run that does it.
   */
  runId: string;
}
