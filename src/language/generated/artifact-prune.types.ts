// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of artifact-prune. What is kept, the plan's retention says.
 */
export interface ArtifactPruneParameters {
  /**
   * Age from which files without a manifest and unfinished uploads are debris; 24h unless said. Longer than the longest dump takes.
   */
  'debris-after'?: string;
}
