// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Written last beside the documents of a drill or of a sign-off: their sizes and sums, and the sum of the plan's seal before it, so that none can be changed or taken away unseen.
 */
export interface EvidenceSeal {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * Place in the plan's chain, from 0.
   */
  index: number;
  /**
   * The run that the documents are about.
   */
  runId: string;
  /**
   * Name of the plan.
   */
  plan: string;
  /**
   * What is sealed.
   */
  kind: 'drill' | 'sign-off';
  /**
   * When it was sealed (ISO 8601, UTC).
   */
  at: string;
  /**
   * The documents.
   */
  files: SealedFile[];
  /**
   * sha256 of the bytes of the seal before it, hex; null for the first.
   */
  previous: string | null;
}
/**
 * One document.
 */
export interface SealedFile {
  /**
   * Its name in the plan's folder.
   */
  name: string;
  /**
   * Its size.
   */
  bytes: number;
  /**
   * Of its bytes, hex.
   */
  sha256: string;
}
