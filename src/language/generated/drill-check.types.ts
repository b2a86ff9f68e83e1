// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of drill-check. It looks at nothing but the evidence in the repository.
 */
export interface DrillCheckParameters {
  /**
   * Only the drills of these plans; unless said every plan with a schedule that restores and keeps its evidence in this repository.
   *
   * Items: A plan's name.
   */
  plans?: string[];
  /**
   * How long after its time a drill counts as overdue; the plan's timeout unless said.
   */
  grace?: string;
  /**
   * Greatest age of the last drill that passed, in place of the schedule.
   */
  'max-age'?: string;
}
