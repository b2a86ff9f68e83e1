// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * What was told of a plan's runs on this host. Kept in the state folder as alerts/<plan>.json.
 */
export interface AlertState {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * Environments of the plan's last run, its own first: whose channels are to be told when its file cannot be read.
   *
   * Items: A name.
   */
  environments: string[];
  streak?: FailureStreak;
  lastGood?: LastGoodArtifact;
  lastRun?: ToldRun;
  /**
   * By channel and by what was told: how often, for folding.
   */
  repeats: {
    /**
     * Of one channel.
     */
    [k: string]:
      | {
          [k: string]: Repeat | undefined;
        }
      | undefined;
  };
}
/**
 * Failures since the last success; absent when the last run went well.
 */
export interface FailureStreak {
  /**
   * Of the first, ISO 8601, UTC.
   */
  since: string;
  /**
   * Id of the first; of a unit that could not start its invocation.
   */
  run: string;
  /**
   * How many.
   */
  count: number;
}
/**
 * The newest artifact that a run has verified, for when the repository does not answer.
 */
export interface LastGoodArtifact {
  /**
   * Its name.
   */
  artifact: string;
  /**
   * When it was made, ISO 8601, UTC.
   */
  at: string;
}
/**
 * The last run whose end was told.
 */
export interface ToldRun {
  /**
   * Its id.
   */
  run: string;
  /**
   * systemd's id of the unit's start, when it ran as one.
   */
  invocation?: string;
  /**
   * When, ISO 8601, UTC.
   */
  at: string;
  /**
   * Channels that need no more of it: told, folded, or not concerned.
   *
   * Items: A channel's key.
   */
  settled: string[];
}
/**
 * One thing that was told to one channel.
 */
export interface Repeat {
  /**
   * How many messages.
   */
  told: number;
  /**
   * The last of them, ISO 8601, UTC.
   */
  toldAt: string;
  /**
   * When it last was so, told or not.
   */
  seenAt: string;
}
