// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Objects that bucket-canary has planted and not yet seen to go the way of their rules. Kept in the state folder.
 */
export interface CanaryLedger {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * One a rule and act.
   */
  canaries: LedgerCanary[];
}
/**
 * One canary.
 */
export interface LedgerCanary {
  /**
   * Id of the rule.
   */
  rule: string;
  /**
   * What the rule is to do; control: nothing.
   */
  act: string;
  /**
   * Of the object.
   */
  key: string;
  /**
   * Of the version that the rule is to act on.
   */
  versionId?: string;
  /**
   * Of an unfinished upload.
   */
  uploadId?: string;
  /**
   * Where it is to move.
   */
  storageClass?: string;
  /**
   * Milliseconds since 1970, UTC.
   */
  plantedAtMs: number;
  /**
   * Days after which it is to happen.
   */
  days: number;
  /**
   * What else takes it out of sight.
   */
  others?: LedgerAct[];
}
/**
 * An act of a rule.
 */
export interface LedgerAct {
  /**
   * Id of the rule.
   */
  rule: string;
  /**
   * What it does.
   */
  act: string;
  /**
   * After so many days.
   */
  days: number;
  /**
   * Where it moves it.
   */
  storageClass?: string;
}
