import type { MayBeOpen } from '../yaml/open.ts';
import type { S3Location } from './environment.ts';

/** A bucket's wishes as they were written: any of their values may be open. `resolveBucket` makes a `Bucket` of them. */
export type DeclaredBucket = Omit<MayBeOpen<Bucket>, 'name' | 'usedBy'> & Pick<Bucket, 'name' | 'usedBy'>;

/**
 * What a bucket is to be like, every setting parsed; ages in milliseconds, always whole days. A setting that is absent
 * is nobody's wish: it is neither compared nor changed.
 */
export interface Bucket {
  readonly name: string;
  /** How it is reached; `prefix` is empty. */
  readonly connection: S3Location;
  /** Environments whose repository or uploads lie in it, in the order of the file. */
  readonly usedBy: readonly string[];
  /** Made by `apply` when there is none. */
  readonly create: boolean;
  readonly versioning?: boolean;
  readonly encryption?: BucketEncryption;
  readonly blockPublicAccess?: boolean;
  readonly objectLock?: { readonly mode: 'governance' | 'compliance'; readonly forMs: number };
  readonly policy?: BucketPolicy;
  /** Empty: no wish. */
  readonly tags: Readonly<Record<string, string>>;
  /** Empty: no wish. Ids are unique. */
  readonly lifecycle: readonly LifecycleRule[];
  /** Where each key was written (`file:line:column`), by its path: `lifecycle.old-versions.noncurrent.keep-newest`. */
  readonly positions?: ReadonlyMap<string, string>;
}

export interface BucketEncryption {
  readonly algorithm: 'AES256' | 'aws:kms';
  readonly key?: string;
  readonly bucketKey?: boolean;
}

/** `false` wishes that the statement is gone, absent has no wish. */
export interface BucketPolicy {
  readonly denyPlainHttp?: boolean;
  readonly denyUnencryptedPuts?: boolean;
  readonly statements: readonly PolicyStatement[];
}

/** A statement in the words of S3's bucket policies. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly Action: string | readonly string[];
  /** Absent: the bucket and every object in it. */
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface LifecycleRule {
  readonly id: string;
  /** Empty: every key. */
  readonly prefix: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Only objects of more, of fewer bytes than this. */
  readonly largerThanBytes?: number;
  readonly smallerThanBytes?: number;
  readonly transitions: readonly Transition[];
  readonly expireAfterMs?: number;
  readonly noncurrent?: {
    readonly transitions: readonly Transition[];
    readonly expireAfterMs?: number;
    /** So many noncurrent versions of a key are not expired, however old. */
    readonly keepNewest?: number;
  };
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
