// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * Parameters of space-check. It looks at the state folder, at folders in which the environment keeps artifacts and uploads, and at those named here.
 */
export interface SpaceCheckParameters {
  /**
   * Further folders whose file systems are looked at.
   *
   * Items: Path of a folder.
   */
  folders?: string[];
  /**
   * Less free than this share or size is warned of; 10% unless said.
   */
  'warn-below'?: string;
  /**
   * Less free than this share or size fails the check; 5% unless said.
   */
  'fail-below'?: string;
  /**
   * Less free inodes than this share are warned of; 10% unless said.
   */
  'warn-below-inodes'?: string;
  /**
   * Less free inodes than this share fail the check; 5% unless said.
   */
  'fail-below-inodes'?: string;
  /**
   * Whether the environment's database server is asked; true unless said.
   */
  server?: boolean;
  /**
   * The most of the write-ahead log that a replication slot may hold back; 50GB unless said.
   */
  'max-retained-log'?: string;
}
