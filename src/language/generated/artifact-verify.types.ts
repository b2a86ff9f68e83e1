// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of artifact-verify.
 */
export interface ArtifactVerifyParameters {
  /**
   * latest, latest-partial, an artifact's name, or a time: the newest one before it. Unless said: those that this run made, otherwise latest.
   */
  artifact?: string;
  /**
   * full: reads every byte back, and marks the artifact verified. head: sizes and table of contents only, and marks nothing. Unless said: full until an artifact is verified, head afterwards.
   */
  depth?: 'head' | 'full';
}
