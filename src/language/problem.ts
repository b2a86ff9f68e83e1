/** One located finding in a plan. `line` and `column` count from 1; column in characters. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Errors make a plan invalid (exit 10); warnings are told and do no more. */
  readonly severity: 'error' | 'warning';
  /** Stable name of the rule that found it: `unknown-key`, `retention-keeps-nothing`. */
  readonly rule: string;
  readonly message: string;
  readonly hint?: string;
  /** Length of the marked text in characters, for the code frame. */
  readonly length?: number;
  /** The marked text may be a secret: no code frame shows it. */
  readonly confidential?: boolean;
}
