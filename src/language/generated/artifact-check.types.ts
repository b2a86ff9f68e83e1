// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of artifact-check. It looks at nothing but the repository.
 */
export interface ArtifactCheckParameters {
  /**
   * Greatest age of the newest verified artifact's recovery point; the strictest RPO of the plans that dump the environment unless said.
   */
  'max-age'?: string;
  /**
   * Only these databases, each of which must have an artifact; unless said the environment's own, and every other that the repository holds.
   *
   * Items: A database's name.
   */
  databases?: string[];
  /**
   * How many former artifacts the usual size is the median of; 10 unless said.
   */
  history?: number;
  /**
   * A size of this share of the usual one, or less, is unusual; 0.5 unless said.
   */
  'smallest-share'?: number;
  /**
   * A size of this share of the usual one, or more, is unusual; 2 unless said.
   */
  'largest-share'?: number;
  /**
   * What an unusual size is: a warning, a failure, or nothing; a warning unless said.
   */
  'size-change'?: 'warn' | 'fail' | 'ignore';
}
