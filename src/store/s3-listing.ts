import { Failure } from '../base/failure.ts';
import type { StoredObject, UnfinishedUpload } from './repository.ts';
import { keyOf, objectName, urlOf, type S3Store } from './s3-client.ts';
import { s3Failure, statusOf } from './s3-failure.ts';

/** Objects below a key prefix, a page of up to 1,000 in memory at a time. @throws Failure `repository-*` */
export async function* listObjects(
  store: S3Store,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StoredObject> {
  const { sdk, client, location } = store;
  for (let token: string | undefined; ;) {
    const command = new sdk.ListObjectsV2Command({
      Bucket: location.bucket,
      Prefix: objectName(location, prefix),
      ...(token !== undefined && { ContinuationToken: token }),
    });
    const page = await ask(store, signal, (options) => client.send(command, options));
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      const key = Key === undefined ? undefined : keyOf(location, Key);
      // A name that ends in / is a folder that some console drew.
      if (key === undefined || key === '' || key.endsWith('/')) continue;
      yield { key, bytes: Size ?? 0, modifiedAt: LastModified ?? new Date(0) };
    }
    if (page.IsTruncated !== true) return;
    if (page.NextContinuationToken === undefined || page.NextContinuationToken === token) throw stuck(store);
    token = page.NextContinuationToken;
  }
}

/** Multipart uploads that nobody finished, below the location's prefix. @throws Failure `repository-*` */
export async function* listUploads(
  store: S3Store,
  signal: AbortSignal | undefined,
): AsyncGenerator<UnfinishedUpload> {
  const { sdk, client, location } = store;
  for (let marker: { KeyMarker?: string; UploadIdMarker?: string } = {}; ;) {
    const command = new sdk.ListMultipartUploadsCommand({
      Bucket: location.bucket,
      Prefix: objectName(location, ''),
      ...marker,
    });
    const page = await ask(store, signal, (options) => client.send(command, options));
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      const key = Key === undefined ? undefined : keyOf(location, Key);
      if (Key === undefined || key === undefined || UploadId === undefined) continue;
      yield { key, startedAt: Initiated ?? new Date(0), abort: () => abortUpload(store, key, Key, UploadId) };
    }
    if (page.IsTruncated !== true) return;
    const { NextKeyMarker, NextUploadIdMarker } = page;
    if (NextKeyMarker === undefined) throw stuck(store);
    if (NextKeyMarker === marker.KeyMarker && NextUploadIdMarker === marker.UploadIdMarker)
      throw stuck(store);
    marker = {
      KeyMarker: NextKeyMarker,
      ...(NextUploadIdMarker !== undefined && { UploadIdMarker: NextUploadIdMarker }),
    };
  }
}

async function abortUpload(store: S3Store, key: string, name: string, uploadId: string): Promise<void> {
  const { sdk, client, location } = store;
  try {
    await client.send(
      new sdk.AbortMultipartUploadCommand({ Bucket: location.bucket, Key: name, UploadId: uploadId }),
    );
  } catch (error) {
    // Finished or aborted since it was listed.
    if (statusOf(error) !== 404) throw s3Failure(error, 'remove', location, key);
  }
}

async function ask<Page>(
  store: S3Store,
  signal: AbortSignal | undefined,
  send: (options: { abortSignal?: AbortSignal }) => Promise<Page>,
): Promise<Page> {
  signal?.throwIfAborted();
  try {
    return await send(signal === undefined ? {} : { abortSignal: signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw s3Failure(error, 'list', store.location);
  }
}

function stuck(store: S3Store): Failure {
  return new Failure(
    'repository-read',
    `The listing of ${urlOf(store.location)} does not go on after a full page`,
    {
      hint: 'The store says that there is more and not where: it cannot be used as a repository.',
    },
  );
}
