import { defined } from '../base/defined.ts';
import type * as Sdk from '@aws-sdk/client-s3';
import { Failure } from '../base/failure.ts';
import { ask, type Question } from './ask.ts';
import { keyOf, objectName, urlOf, type S3 } from './client.ts';
import { statusOf } from './failure.ts';

/** An object as a listing has it. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** The same by its name's bytes below the location's prefix, one character a byte: not every name is UTF-8. */
export interface ListedName {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Without quotes; empty where the store gives none. */
  readonly etag: string;
}

/** Objects below a key prefix, a page of up to 1,000 in memory at a time. Names that are no UTF-8 and folders that some console drew are left out. @throws Failure `repository-*` */
export async function* listObjects(
  s3: S3,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedObject> {
  for await (const { name, bytes, modifiedAt } of listNames(s3, prefix, signal)) {
    const key = Buffer.from(name, 'latin1').toString();
    if (key !== '' && !key.endsWith('/') && Buffer.from(key).toString('latin1') === name)
      yield { key, bytes, modifiedAt };
  }
}

/** Every name below a key prefix, in the store's order. @throws Failure `repository-*` */
export async function* listNames(
  s3: S3,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedName> {
  const { location } = s3;
  const start = Buffer.byteLength(objectName(location, ''));
  for (let token: string | undefined; ;) {
    const page = await ask(s3, listing(signal), (sdk) => {
      return new sdk.ListObjectsV2Command({
        Bucket: location.bucket,
        Prefix: objectName(location, prefix),
        // XML cannot hold every character that a key may have.
        EncodingType: 'url',
        ...defined({ ContinuationToken: token }),
      });
    });
    for (const { Key = '', Size = 0, LastModified = new Date(0), ETag } of page.Contents ?? []) {
      const whole = page.EncodingType === 'url' ? decodeName(Key) : Buffer.from(Key).toString('latin1');
      yield { name: whole.slice(start), bytes: Size, modifiedAt: LastModified, etag: plainEtag(ETag) };
    }
    if (page.IsTruncated !== true) return;
    if (page.NextContinuationToken === undefined || page.NextContinuationToken === token) throw stuck(s3);
    token = page.NextContinuationToken;
  }
}

function listing(signal: AbortSignal | undefined): Question {
  return { action: 'list', signal };
}

/** As forms are encoded: `+` is a space, `%XX` a byte. Amazon writes a space as +, and a + as %2B; others write %20. */
export function decodeName(encoded: string): string {
  return encoded
    .replaceAll('+', ' ')
    .replaceAll(/%([\dA-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Some answers quote it and some do not. */
export function plainEtag(etag: string | undefined): string {
  return etag?.replaceAll('"', '') ?? '';
}

/** A multipart upload that nobody finished. */
export interface UnfinishedParts {
  readonly key: string;
  readonly startedAt: Date;
  abort(): Promise<void>;
}

/** Multipart uploads that nobody finished, below the location's prefix. @throws Failure `repository-*` */
export async function* listUploads(s3: S3, signal: AbortSignal | undefined): AsyncGenerator<UnfinishedParts> {
  const { location } = s3;
  for (let marker: { KeyMarker?: string; UploadIdMarker?: string } = {}; ;) {
    const page: Sdk.ListMultipartUploadsCommandOutput = await ask(
      s3,
      listing(signal),
      (sdk) =>
        new sdk.ListMultipartUploadsCommand({
          Bucket: location.bucket,
          Prefix: objectName(location, ''),
          ...marker,
        }),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      const key = Key === undefined ? undefined : keyOf(location, Key);
      if (key === undefined || UploadId === undefined) continue;
      yield { key, startedAt: Initiated ?? new Date(0), abort: () => abortUpload(s3, key, UploadId) };
    }
    if (page.IsTruncated !== true) return;
    const { NextKeyMarker, NextUploadIdMarker } = page;
    if (NextKeyMarker === undefined) throw stuck(s3);
    if (NextKeyMarker === marker.KeyMarker && NextUploadIdMarker === marker.UploadIdMarker) throw stuck(s3);
    marker = {
      KeyMarker: NextKeyMarker,
      ...defined({ UploadIdMarker: NextUploadIdMarker }),
    };
  }
}

/** One that was finished or aborted meanwhile is no error. @throws Failure `repository-*` */
export async function abortUpload(
  s3: S3,
  key: string,
  uploadId: string,
  signal?: AbortSignal,
): Promise<void> {
  const target = { Bucket: s3.location.bucket, Key: objectName(s3.location, key), UploadId: uploadId };
  try {
    await ask(s3, { action: 'remove', key, signal }, (sdk) => new sdk.AbortMultipartUploadCommand(target));
  } catch (error) {
    signal?.throwIfAborted();
    if (statusOf(error) !== 404) throw error;
  }
}

/** Whether an upload in parts is still under way. @throws Failure `repository-*` */
export async function isUnfinished(
  s3: S3,
  key: string,
  uploadId: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const target = { Bucket: s3.location.bucket, Key: objectName(s3.location, key), UploadId: uploadId };
  try {
    await ask(s3, { action: 'read', key, signal }, (sdk) => new sdk.ListPartsCommand(target));
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

function stuck({ location }: S3): Failure {
  return new Failure(
    'repository-read',
    `The listing of ${urlOf(location)} does not go on after a full page`,
    {
      hint: 'The store says that there is more and not where: it cannot be used as a repository.',
    },
  );
}
