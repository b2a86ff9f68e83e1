// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of bucket-canary.
 */
export interface BucketCanaryParameters {
  /**
   * Whose bucket: that of the environment's uploads, or that of its repository.
   */
  of?: 'uploads' | 'repository';
  /**
   * Ids of the lifecycle rules that get canaries; every enabled rule of the bucket unless said.
   *
   * Items: One id.
   */
  rules?: string[];
  /**
   * How long after its days a rule may take: stores round to midnight and act in passes.
   */
  grace?: string;
}
