import { createHash } from 'node:crypto';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { Failure } from '../../base/failure.ts';
import { objectName, urlOf, type S3Store } from '../../store/s3-client.ts';
import { namesOf, s3Failure, statusOf } from '../../store/s3-failure.ts';
import { bytesOf, keyOf, type ByteText } from './byte-text.ts';

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
export async function* listUploads(store: S3Store, signal: AbortSignal): AsyncGenerator<StoredUpload> {
  const { sdk, client, location } = store;
  let last: ByteText | undefined;
  for (let token: string | undefined; ;) {
    const command = new sdk.ListObjectsV2Command({
      Bucket: location.bucket,
      Prefix: objectName(location, ''),
      // XML cannot hold every character that a key may have.
      EncodingType: 'url',
      ...(token !== undefined && { ContinuationToken: token }),
    });
    const page = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw s3Failure(error, 'list', location);
    });
    for (const { Key = '', Size = 0, ETag = '' } of page.Contents ?? []) {
      const whole = page.EncodingType === 'url' ? decodeName(Key) : bytesOf(Key);
      const name = whole.slice(bytesOf(objectName(location, '')).length);
      if (last !== undefined && name <= last) throw unusable(store, 'is not in the order of its keys');
      last = name;
      const key = keyOf(name);
      // What is no UTF-8 can only have been written around S3's rules, and cannot be a file's.
      if (key === undefined || name === '' || name.endsWith('/')) continue;
      yield { name, key, bytes: Size, etag: ETag.replaceAll('"', '').toLowerCase() };
    }
    if (page.IsTruncated !== true) return;
    if (page.NextContinuationToken === undefined || page.NextContinuationToken === token)
      throw unusable(store, 'does not go on after a full page');
    token = page.NextContinuationToken;
  }
}

/** As forms are encoded: `+` is a space, `%XX` a byte. */
export function decodeName(encoded: string): ByteText {
  return encoded
    .replaceAll('+', ' ')
    .replaceAll(/%([\dA-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function unusable(store: S3Store, how: string): Failure {
  return new Failure('repository-read', `The listing of ${urlOf(store.location)} ${how}`, {
    hint: 'Such a store cannot be compared with a folder.',
  });
}

/** A HEAD of a key; undefined when there is no such object. @throws Failure `repository-*` */
export async function headUpload(
  store: S3Store,
  key: string,
  signal: AbortSignal,
): Promise<HeadObjectCommandOutput | undefined> {
  const { sdk, client, location } = store;
  const command = new sdk.HeadObjectCommand({ Bucket: location.bucket, Key: objectName(location, key) });
  try {
    return await client.send(command, { abortSignal: signal });
  } catch (error) {
    signal.throwIfAborted();
    if (statusOf(error) === 404) return undefined;
    throw s3Failure(error, 'read', location, key);
  }
}

/**
 * The sha256 (hex) of an object's content, by reading it. Undefined when it is gone or in an archive class.
 * @throws Failure `repository-*`
 */
export async function readSha256(
  store: S3Store,
  key: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { sdk, client, location } = store;
  const command = new sdk.GetObjectCommand({ Bucket: location.bucket, Key: objectName(location, key) });
  try {
    const { Body } = await client.send(command, { abortSignal: signal });
    const hash = createHash('sha256');
    for await (const chunk of Body as AsyncIterable<Uint8Array>) hash.update(chunk);
    return hash.digest('hex');
  } catch (error) {
    signal.throwIfAborted();
    if (statusOf(error) === 404 || namesOf(error).includes('InvalidObjectState')) return undefined;
    throw s3Failure(error, 'read', location, key);
  }
}
