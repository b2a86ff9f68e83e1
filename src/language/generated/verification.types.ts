// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * The mark that an artifact was read back and found intact: `NAME.verified.json`, a file of its own, because a manifest is never rewritten.
 */
export interface Verification {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * The artifact's name.
   */
  name: string;
  /**
   * When the last byte was checked (ISO 8601, UTC).
   */
  verifiedAt: string;
  /**
   * Run that checked it.
   */
  runId: string;
  /**
   * full: every byte was read. head: sizes and the table of contents only.
   */
  depth: 'head' | 'full';
  /**
   * sha256 of the manifest it speaks of, hex.
   */
  manifestSha256: string;
  /**
   * parsed: decrypted and its table of contents read. unreadable-here: encrypted, and this host holds no identity; the table of contents was parsed while it was written.
   */
  contents: 'parsed' | 'unreadable-here';
}
