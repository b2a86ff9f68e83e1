// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of timer-check. On a host without systemd it says so and is satisfied.
 */
export interface TimerCheckParameters {
  /**
   * Only the timers of these plans; unless said those of every plan with a schedule, and units that belong to none.
   *
   * Items: A plan's name.
   */
  plans?: string[];
  /**
   * Whose timers: the system's, or this account's own (apply --user); the system's unless said.
   */
  of?: 'system' | 'user';
  /**
   * What it is when a unit's text is not that of its plan and the timer runs all the same: a failure, or nothing; a failure unless said.
   */
  drift?: 'fail' | 'ignore';
}
