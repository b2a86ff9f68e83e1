import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { objectName, type S3Store } from '../store/s3-client.ts';

/** Metadata that a copy bears when nothing else could tell later what it is a copy of: the version's id. */
export const copyOfName = 'run-plan-copy-of';

/** All that an object is besides its content. */
export type VersionHead = HeadObjectCommandOutput;

/** What is known of one version, or of the current one. Errors are the store's own. */
export function headOf(
  store: S3Store,
  key: string,
  versionId: string | undefined,
  signal: AbortSignal,
): Promise<VersionHead> {
  const { sdk, client, location } = store;
  const command = new sdk.HeadObjectCommand({
    Bucket: location.bucket,
    Key: objectName(location, key),
    ...(versionId !== undefined && { VersionId: versionId }),
  });
  return client.send(command, { abortSignal: signal });
}

/** Headers that belong to the object and that a copy in parts, or with other metadata, must be given anew. */
export function contentHeaders(head: VersionHead): {
  readonly ContentType?: string;
  readonly CacheControl?: string;
  readonly ContentDisposition?: string;
  readonly ContentEncoding?: string;
  readonly ContentLanguage?: string;
  readonly WebsiteRedirectLocation?: string;
  readonly Expires?: Date;
} {
  const expires = new Date(head.ExpiresString ?? Number.NaN);
  return {
    ...(head.ContentType !== undefined && { ContentType: head.ContentType }),
    ...(head.CacheControl !== undefined && { CacheControl: head.CacheControl }),
    ...(head.ContentDisposition !== undefined && { ContentDisposition: head.ContentDisposition }),
    ...(head.ContentEncoding !== undefined && { ContentEncoding: head.ContentEncoding }),
    ...(head.ContentLanguage !== undefined && { ContentLanguage: head.ContentLanguage }),
    ...(head.WebsiteRedirectLocation !== undefined && {
      WebsiteRedirectLocation: head.WebsiteRedirectLocation,
    }),
    ...(!Number.isNaN(expires.getTime()) && { Expires: expires }),
  };
}

/**
 * How a copy is kept: a copy takes the bucket's default encryption unless it is told otherwise, and the STANDARD class
 * (Amazon) or its source's (Ceph). A version that lay in an archived class comes back in STANDARD, because the application
 * could not read it there.
 */
export function storageHeaders(head: VersionHead): {
  readonly ServerSideEncryption?: NonNullable<VersionHead['ServerSideEncryption']>;
  readonly SSEKMSKeyId?: string;
  readonly BucketKeyEnabled?: boolean;
  readonly StorageClass: NonNullable<VersionHead['StorageClass']>;
} {
  const { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled, StorageClass } = head;
  return {
    ...(ServerSideEncryption !== undefined && { ServerSideEncryption }),
    ...(SSEKMSKeyId !== undefined && { SSEKMSKeyId }),
    ...(BucketKeyEnabled !== undefined && { BucketKeyEnabled }),
    StorageClass: StorageClass === undefined || isArchivedClass(StorageClass) ? 'STANDARD' : StorageClass,
  };
}

/** Classes whose objects must be requested back before anybody can read them. */
export function isArchivedClass(storageClass: string): boolean {
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';
}
