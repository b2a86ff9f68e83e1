import { randomUUID } from 'node:crypto';
import type { CompletedPart, PutObjectCommandInput, StorageClass } from '@aws-sdk/client-s3';
import { Failure } from '../failure.ts';
import { chunksOf, toReadable } from './body.ts';
import { checkKey } from './key.ts';
import { fillParts, type FilledPart } from './part-buffer.ts';
import { basePartSize } from './part-sizes.ts';
import type { PutOptions, Repository, StoredObject } from './repository.ts';
import { objectName, urlOf, type S3Store } from './s3-client.ts';
import { namesOf, s3Failure, statusOf } from './s3-failure.ts';
import { headObject, uploadIdName } from './s3-head.ts';

/** One `put` under way. */
interface Upload {
  readonly store: S3Store;
  readonly key: string;
  /** Tells this upload's object from any other of the same key. */
  readonly id: string;
  readonly target: { readonly Bucket: string; readonly Key: string };
  /** What the object is made with. */
  readonly attributes: Omit<PutObjectCommandInput, 'Bucket' | 'Key' | 'Body'>;
  /** The caller's signal, or the first failure of a part. */
  readonly signal: AbortSignal;
}

/** For undoing, after a failure or a signal: a run must end within 10 s of one. */
const undoLimitMs = 5_000;

/**
 * Stores a body: in one request when one part holds it, otherwise in parts, four at a time. Memory is bounded by four
 * parts (64 MiB up to an estimate of 78 GiB). Nothing is left behind on any error, and a key that exists is refused:
 * by the store itself where it honours `If-None-Match`, by looking before and after the upload elsewhere.
 * @throws Failure `key-exists`, `repository-*`; what the body or the signal throws.
 */
export async function uploadObject(
  store: S3Store,
  key: string,
  body: Parameters<Repository['put']>[1],
  options: PutOptions,
): Promise<StoredObject> {
  const stream = toReadable(body);
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  try {
    checkKey(key);
    const id = randomUUID();
    const { location } = store;
    const target = { Bucket: location.bucket, Key: objectName(location, key) };
    const upload = { store, key, id, target, attributes: attributesOf(store, id, options), signal };
    signal.throwIfAborted();
    await refuseExisting(upload);
    const bytes = await send(upload, counted(chunksOf(stream, signal), options), stop, options);
    return await confirm(upload, bytes);
  } catch (error) {
    stream.destroy();
    options.signal?.throwIfAborted();
    throw error;
  }
}

function attributesOf(store: S3Store, id: string, options: PutOptions): Upload['attributes'] {
  const { encryption, storageClass } = store.location;
  return {
    Metadata: { [uploadIdName]: id },
    ...(options.contentType !== undefined && { ContentType: options.contentType }),
    ...(options.tags !== undefined && { Tagging: new URLSearchParams(options.tags).toString() }),
    ...(encryption !== undefined && { ServerSideEncryption: encryption.algorithm }),
    ...(encryption?.key !== undefined && { SSEKMSKeyId: encryption.key }),
    ...(storageClass !== undefined && { StorageClass: storageClass as StorageClass }),
  };
}

async function* counted(chunks: AsyncIterable<Uint8Array>, options: PutOptions): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    yield chunk;
    bytes += chunk.length;
    options.onProgress?.(bytes);
  }
}

/** Returns the number of bytes sent. */
async function send(
  upload: Upload,
  chunks: AsyncIterable<Uint8Array>,
  stop: AbortController,
  options: PutOptions,
): Promise<number> {
  const parts = fillParts(chunks, basePartSize(options.expectedBytes));
  const first = await parts.next();
  if (first.done === true) throw new Error('a body has at least one part');
  if (!first.value.last) return await sendParts(upload, first.value, parts, stop);
  await finish(upload, (condition) =>
    upload.store.client.send(
      new upload.store.sdk.PutObjectCommand({
        ...upload.target,
        ...upload.attributes,
        ...condition,
        Body: first.value.bytes,
      }),
      { abortSignal: upload.signal },
    ),
  );
  return first.value.bytes.length;
}

async function sendParts(
  upload: Upload,
  first: FilledPart,
  others: AsyncGenerator<FilledPart>,
  stop: AbortController,
): Promise<number> {
  const { sdk, client } = upload.store;
  const UploadId = await begin(upload);
  const sent: CompletedPart[] = [];
  const sending: Promise<void>[] = [];
  let bytes = 0;
  const sendPart = (part: FilledPart): void => {
    bytes += part.bytes.length;
    sending.push(
      transferPart(upload, UploadId, part)
        .then((done) => void sent.push(done))
        // Ends the body and the other parts; the first reason is the one that counts.
        .catch((error: unknown) => stop.abort(s3Failure(error, 'store', upload.store.location, upload.key)))
        .finally(() => part.release()),
    );
  };
  try {
    sendPart(first);
    for await (const part of others) sendPart(part);
    await Promise.all(sending);
    upload.signal.throwIfAborted();
    await refuseExisting(upload);
    const Parts = sent.sort((left, right) => (left.PartNumber ?? 0) - (right.PartNumber ?? 0));
    await finish(upload, (condition) =>
      client.send(
        new sdk.CompleteMultipartUploadCommand({
          ...upload.target,
          ...condition,
          UploadId,
          MultipartUpload: { Parts },
        }),
        { abortSignal: upload.signal },
      ),
    );
    return bytes;
  } catch (error) {
    stop.abort(error);
    // A part that arrives after the upload was aborted would stay, unseen and paid for.
    await Promise.all(sending);
    await abandon(upload, UploadId);
    throw error;
  }
}

async function begin(upload: Upload): Promise<string> {
  const { sdk, client, location } = upload.store;
  const checksum = location.endpoint === undefined ? { ChecksumAlgorithm: 'CRC32' as const } : {};
  // Cut off at once, it would leave an upload whose id nobody learned.
  const grace = delayed(upload.signal, undoLimitMs / 2);
  try {
    const begun = await client.send(
      new sdk.CreateMultipartUploadCommand({ ...upload.target, ...upload.attributes, ...checksum }),
      { abortSignal: grace },
    );
    if (begun.UploadId === undefined || begun.UploadId === '') throw new Error('the store gave no upload id');
    return begun.UploadId;
  } catch (error) {
    upload.signal.throwIfAborted();
    throw s3Failure(error, 'store', location, upload.key);
  }
}

async function transferPart(upload: Upload, UploadId: string, part: FilledPart): Promise<CompletedPart> {
  const { sdk, client } = upload.store;
  const stored = await client.send(
    new sdk.UploadPartCommand({ ...upload.target, UploadId, PartNumber: part.number, Body: part.bytes }),
    { abortSignal: upload.signal },
  );
  return {
    PartNumber: part.number,
    ETag: stored.ETag,
    ...(stored.ChecksumCRC32 !== undefined && { ChecksumCRC32: stored.ChecksumCRC32 }),
  };
}

/**
 * The request that gives the object its key. Stores that do not know `If-None-Match` answer 501 and are asked without.
 * After an error the object may be there all the same, its answer lost: then it bears this upload's id.
 */
async function finish(
  upload: Upload,
  request: (condition: { IfNoneMatch?: '*' }) => Promise<unknown>,
): Promise<void> {
  const { store, key, signal } = upload;
  try {
    await request(store.abilities.conditionalWrites ? { IfNoneMatch: '*' } : {}).catch(
      async (error: unknown) => {
        if (statusOf(error) !== 501 || !store.abilities.conditionalWrites) throw error;
        store.abilities.conditionalWrites = false;
        await request({});
      },
    );
  } catch (error) {
    if (signal.aborted) {
      await removeOwn(upload);
      throw signal.reason;
    }
    const found = await headObject(store, key, signal).catch(() => undefined);
    if (found?.uploadId === upload.id) return;
    if (statusOf(error) === 412 || namesOf(error).includes('ConditionalRequestConflict'))
      throw existing(upload);
    throw s3Failure(error, 'store', store.location, key);
  }
}

async function refuseExisting(upload: Upload): Promise<void> {
  if ((await headObject(upload.store, upload.key, upload.signal)) !== undefined) throw existing(upload);
}

function existing(upload: Upload): Failure {
  const where = urlOf(upload.store.location, upload.key);
  return new Failure('key-exists', `${where} exists already and is never overwritten`, {
    hint: 'Each run makes new names: two runs at once, or a clock that went back?',
    where,
  });
}

/** Asks the store what it has: the size it reports is the one that counts. */
async function confirm(upload: Upload, bytes: number): Promise<StoredObject> {
  const { store, key } = upload;
  const found = await headObject(store, key, upload.signal);
  if (found?.bytes === bytes) return { key, bytes, modifiedAt: found.modifiedAt };
  await removeOwn(upload);
  const where = urlOf(store.location, key);
  const shown = found === undefined ? 'is not there' : `has ${found.bytes} bytes`;
  throw new Failure('repository-write', `${where} ${shown} after ${bytes} were stored without an error`, {
    hint: 'The store lost data, or somebody else wrote the key: look at it before you trust it with backups.',
    where,
  });
}

/** Best effort in a limited time: what remains is listed by `unfinished` and removed as debris. */
async function abandon(upload: Upload, UploadId: string): Promise<void> {
  const { sdk, client } = upload.store;
  await client
    .send(new sdk.AbortMultipartUploadCommand({ ...upload.target, UploadId }), {
      abortSignal: AbortSignal.timeout(undoLimitMs),
    })
    .catch(() => undefined);
}

/** Removes the object when it is this upload's and nobody else's. */
async function removeOwn(upload: Upload): Promise<void> {
  const { sdk, client } = upload.store;
  const limit = AbortSignal.timeout(undoLimitMs);
  try {
    const found = await headObject(upload.store, upload.key, limit);
    if (found?.uploadId !== upload.id) return;
    await client.send(new sdk.DeleteObjectCommand(upload.target), { abortSignal: limit });
  } catch {
    // The failure that led here is the one to tell; without a manifest the object is debris.
  }
}

/** A signal that aborts `ms` milliseconds after another one. */
function delayed(signal: AbortSignal, ms: number): AbortSignal {
  const controller = new AbortController();
  const start = (): void => {
    setTimeout(() => controller.abort(signal.reason), ms).unref();
  };
  if (signal.aborted) start();
  else signal.addEventListener('abort', start, { once: true });
  return controller.signal;
}
