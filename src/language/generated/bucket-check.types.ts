// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of bucket-check.
 */
export interface BucketCheckParameters {
  /**
   * Only these buckets; unless said every one that is declared under buckets: of the environments' file.
   *
   * Items: A bucket's name.
   */
  buckets?: string[];
}
