// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * A person's answer to a drill's open question, given after the run: evidence/<plan>/<runId>.sign-off-<number>.json.
 */
export interface SignOffDocument {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * The run.
   */
  runId: string;
  /**
   * Name of the plan.
   */
  plan: string;
  /**
   * Its number among the sign-offs of the run, from 1.
   */
  number: number;
  /**
   * Name of the question.
   */
  check: string;
  /**
   * What there was to look at.
   */
  text: string;
  /**
   * What was said of it.
   */
  state: 'signed' | 'rejected';
  /**
   * Who said it, as the command was told.
   */
  by: string;
  /**
   * What they said besides.
   */
  note: string | null;
  /**
   * When (ISO 8601, UTC).
   */
  at: string;
  /**
   * Account that ran the command.
   */
  account: string;
  /**
   * Host on which it ran.
   */
  host: string;
  /**
   * sha256 of the drill's evidence that it speaks of, hex.
   */
  evidenceSha256: string;
}
