import type { S3 } from '../../s3/client.ts';
import { plainEtag } from '../../s3/listing.ts';
import { headObject } from '../../s3/object.ts';
import { readSha256, sha256Name, type StoredUpload } from './stored-uploads.ts';

/** What a file's content hashes to, hex. */
export interface Digests {
  readonly sha256: string;
  /** Only taken where it can be compared with an ETag. */
  readonly md5: string | undefined;
}

/** Whether an ETag has the form of the content's MD5. Of objects stored in parts it has not. */
export function isPlainMd5(etag: string): boolean {
  return /^[\da-f]{32}$/.test(etag);
}

/**
 * Whether an object has a file's content, both being of one size. What says so, cheapest first: the ETag where it is
 * the MD5; the sha256 that an earlier sync noted; the object itself, read. Times say nothing.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html: an ETag is no MD5 for parts, SSE-KMS and SSE-C.
 * @throws Failure `repository-*`
 */
export async function hasContent(
  store: S3,
  object: StoredUpload,
  digests: Digests,
  signal: AbortSignal,
  onRead: () => void,
): Promise<boolean> {
  const isPlain = isPlainMd5(object.etag);
  if (isPlain && object.etag === digests.md5) return true;
  const head = await headObject(store, object.key, signal);
  if (head?.ContentLength !== object.bytes) return false;
  const isKeyed =
    head.ServerSideEncryption?.startsWith('aws:kms') === true || head.SSECustomerAlgorithm !== undefined;
  if (isPlain && !isKeyed && plainEtag(head.ETag).toLowerCase() === object.etag) return false;
  const noted = head.Metadata?.[sha256Name];
  if (noted !== undefined && /^[\da-f]{64}$/.test(noted)) return noted === digests.sha256;
  onRead();
  return (await readSha256(store, object.key, signal)) === digests.sha256;
}
