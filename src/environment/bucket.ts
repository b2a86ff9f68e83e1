/** What a bucket is to be like, every setting parsed; ages in milliseconds, always whole days. */
export interface Bucket {
  readonly name: string;
  readonly versioning: boolean;
  readonly encryption?: { readonly algorithm: 'AES256' | 'aws:kms'; readonly key?: string };
  readonly blockPublicAccess?: boolean;
  readonly objectLock?: { readonly mode: 'governance' | 'compliance'; readonly forMs: number };
  readonly lifecycle: readonly LifecycleRule[];
}

export interface LifecycleRule {
  readonly id: string;
  /** Empty: every key. */
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitions: readonly Transition[];
  readonly expireAfterMs?: number;
  readonly noncurrent?: { readonly transitions: readonly Transition[]; readonly expireAfterMs?: number };
  readonly expireDeleteMarkers: boolean;
  readonly abortIncompleteUploadsAfterMs?: number;
}

export interface Transition {
  readonly afterMs: number;
  readonly to: StorageClass;
}

export type StorageClass =
  | 'STANDARD'
  | 'STANDARD_IA'
  | 'ONEZONE_IA'
  | 'INTELLIGENT_TIERING'
  | 'GLACIER_IR'
  | 'GLACIER'
  | 'DEEP_ARCHIVE';
