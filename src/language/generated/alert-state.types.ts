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
   * By channel: the recovery that could not be delivered to it, and comes before whatever it is told next.
   */
  owed?: {
    [k: string]: OwedRecovery | undefined;
  };
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
 * A recovery that was not heard.
 */
export interface OwedRecovery {
  /**
   * Id of the run that went well again.
   */
  run: string;
  /**
   * Its end, ISO 8601, UTC.
   */
  at: string;
  /**
   * The first failure before it, ISO 8601, UTC.
   */
  since: string;
  /**
   * How many failures.
   */
  count: number;
  /**
   * Its verdict, when it was a drill.
   *
   * Items: A sentence.
   */
  lines: string[];
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
