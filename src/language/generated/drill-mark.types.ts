// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * The mark that a drill restored an artifact and found it good: `NAME.drilled.json`, a file of its own, because a manifest is never rewritten. It tells of the newest such drill.
 */
export interface DrillMark {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * The artifact's name.
   */
  name: string;
  /**
   * When the drill had succeeded (ISO 8601, UTC).
   */
  drilledAt: string;
  /**
   * Run that drilled it.
   */
  runId: string;
  /**
   * Plan of that run.
   */
  plan: string;
  /**
   * sha256 of the manifest it speaks of, hex.
   */
  manifestSha256: string;
  /**
   * How long the recovery took: wall time of the drill's steps, milliseconds.
   */
  recoveryMs: number;
}
