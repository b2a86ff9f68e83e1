// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * What `run-plan alerts test` has proven on this host. Kept in the state folder as alert-proofs.json.
 */
export interface AlertProofs {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * By a channel's key, which changes with its settings: an edited channel is unproven.
   */
  channels: {
    [k: string]: AlertProof | undefined;
  };
}
/**
 * The last proof of one channel.
 */
export interface AlertProof {
  /**
   * ISO 8601, UTC.
   */
  at: string;
  /**
   * How it was proven.
   */
  by: string;
}
