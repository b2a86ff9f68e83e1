import { createHash } from 'node:crypto';
import { Failure } from '../../base/failure.ts';
import { chunksOf } from '../../base/body.ts';
import { urlOf, type S3 } from '../../s3/client.ts';
import { downloadObject } from '../../s3/download.ts';
import { isNamed, statusOf } from '../../s3/failure.ts';
import { listNames } from '../../s3/listing.ts';
import { keyOf, type ByteText } from './byte-text.ts';

/** A current object of the bucket. `name` is its key below the location's prefix. */
export interface StoredUpload {
  readonly name: ByteText;
  readonly key: string;
  readonly bytes: number;
  /** Without quotes; empty where the store gives none. */
  readonly etag: string;
}

/** Metadata that says what an object's content hashes to (hex), because not every ETag does. */
export const sha256Name = 'run-plan-sha256';

/**
 * The current objects in ascending order of their names' bytes, a page of 1,000 in memory. Names that end in / are
 * folders that some console drew, and left out.
 * @throws Failure `repository-*`; `repository-read` from a store that does not list in order
 */
export async function* listUploads(store: S3, signal: AbortSignal): AsyncGenerator<StoredUpload> {
  let last: ByteText | undefined;
  for await (const { name, bytes, etag } of listNames(store, '', signal)) {
    if (last !== undefined && name <= last) throw disordered(store);
    last = name;
    const key = keyOf(name);
    // What is no UTF-8 can only have been written around S3's rules, and cannot be a file's.
    if (key === undefined || name === '' || name.endsWith('/')) continue;
    yield { name, key, bytes, etag: etag.toLowerCase() };
  }
}

function disordered(store: S3): Failure {
  const what = `The listing of ${urlOf(store.location)} is not in the order of its keys`;
  return new Failure('repository-read', what, { hint: 'Such a store cannot be compared with a folder.' });
}

/**
 * The sha256 (hex) of an object's content, by reading it. Undefined when it is gone or in an archive class.
 * @throws Failure `repository-*`
 */
export async function readSha256(store: S3, key: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const hash = createHash('sha256');
    for await (const chunk of chunksOf(await downloadObject(store, key, { signal }))) hash.update(chunk);
    return hash.digest('hex');
  } catch (error) {
    signal.throwIfAborted();
    if (statusOf(error) === 404 || isNamed(error, 'InvalidObjectState')) return undefined;
    throw error;
  }
}
