// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of sql-check.
 */
export interface SqlCheckParameters {
  /**
   * What must hold of the database. All are run, also after one has failed.
   *
   * Items: One SELECT of one value, and what that is to be.
   */
  checks: {
    /**
     * What holds when it passes; the record and the evidence name the check by it.
     */
    name: string;
    /**
     * One SELECT that gives one row of one column, run in a read-only transaction.
     */
    sql: string;
    /**
     * The value, or the least and the greatest number that it may be; unless said it must be true, the boolean. Numbers beyond 15 digits are written in quotes and compared exactly.
     */
    expect?:
      | string
      | number
      | boolean
      | null
      | {
          /**
           * The least number that passes.
           */
          min?: number | string;
          /**
           * The greatest number that passes.
           */
          max?: number | string;
        };
  }[];
  /**
   * The longest that one statement may take; 5m unless said.
   */
  timeout?: string;
}
