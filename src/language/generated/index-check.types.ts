// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of index-check.
 */
export interface IndexCheckParameters {
  /**
   * Also looks whether every row of the table is in the index: reads all tables, and takes many times as long.
   */
  'heap-all-indexed'?: boolean;
}
