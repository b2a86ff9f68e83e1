// Generated from schemas/ by `npm run generate`. Do not edit.

/**
 * What a store was seen to do when it was probed, as the state folder keeps it: `stores/ID.json`.
 */
export interface StoredCapabilities {
  /**
   * Version of this layout.
   */
  format: 1;
  /**
   * Address of the store.
   */
  endpoint: string;
  /**
   * When it was probed (ISO 8601, UTC).
   */
  probedAt: string;
  /**
   * One entry for each capability that was looked at.
   */
  capabilities: ProbedCapability[];
}
/**
 * One capability.
 */
export interface ProbedCapability {
  /**
   * Its name.
   */
  name:
    | 'versioning'
    | 'object-lock'
    | 'default-encryption-aes256'
    | 'default-encryption-kms'
    | 'upload-encryption-aes256'
    | 'upload-encryption-kms'
    | 'public-access-block'
    | 'content-md5'
    | 'checksums'
    | 'conditional-put'
    | 'conditional-multipart'
    | 'lifecycle-transitions'
    | 'lifecycle-noncurrent'
    | 'lifecycle-keep-newest'
    | 'lifecycle-tags'
    | 'lifecycle-sizes'
    | 'lifecycle-delete-markers'
    | 'lifecycle-unfinished-uploads';
  /**
   * Whether the store has it; unknown where the access keys may not ask.
   */
  state: 'yes' | 'no' | 'unknown';
  /**
   * What was seen.
   */
  found: string;
}
