import { defined } from '../base/defined.ts';
import type * as Sdk from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { chunksOf } from '../base/body.ts';
import { Failure } from '../base/failure.ts';
import { ask } from './ask.ts';
import { urlOf, type S3 } from './client.ts';
import { isNamed, statusOf } from './failure.ts';
import { abortUpload } from './listing.ts';
import {
  encodeTags,
  headObject,
  putObject,
  removeObject,
  tagMade,
  targetOf,
  type ObjectAttributes,
  type StorageClass,
} from './object.ts';
import { fillParts, type FilledPart } from './part-buffer.ts';
import { basePartSize } from './part-sizes.ts';

export interface UploadOptions {
  /** Best guess of the size in bytes, for sizing the parts; the true size may differ. */
  readonly expectedBytes?: number;
  readonly contentType?: string | undefined;
  readonly tags?: Readonly<Record<string, string>>;
  /** Besides this upload's own id. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The key may exist already; what is stored under it becomes a version of it and is never taken away again. */
  readonly replaces?: true;
  /** Bytes sent so far. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What was stored, as the store itself reports it. */
export interface Uploaded {
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** Name of the metadata that tells one upload of a key from another, because ETags cannot be trusted to. */
const uploadIdName = 'run-plan-upload';
/** For undoing, after a failure or a signal: a run must end within 10 s of one. */
const undoLimitMs = 5_000;
/** For learning whether a request whose answer was lost was done all the same. */
const answerLimitMs = 30_000;

/** One upload under way. */
interface Upload extends Pick<UploadOptions, 'replaces' | 'tags'> {
  readonly s3: S3;
  readonly key: string;
  /** Tells this upload's object from any other of the same key. */
  readonly id: string;
  readonly attributes: ObjectAttributes;
  /** The caller's signal, or the first failure of a part. */
  readonly signal: AbortSignal;
}

/** What uploads are made with, in one request or in parts. */
export function attributesOf(
  { location }: S3,
  { contentType, tags, metadata }: Pick<UploadOptions, 'contentType' | 'tags' | 'metadata'>,
): ObjectAttributes {
  const { encryption, storageClass } = location;
  return {
    ...defined({ Metadata: metadata, ContentType: contentType }),
    ...(tags !== undefined && { Tagging: encodeTags(tags) }),
    ...(encryption !== undefined && { ServerSideEncryption: encryption.algorithm }),
    ...(encryption?.key !== undefined && { SSEKMSKeyId: encryption.key }),
    ...(storageClass !== undefined && { StorageClass: storageClass as StorageClass }),
  };
}

function begun(s3: S3, key: string, options: UploadOptions, signal: AbortSignal): Upload {
  const id = randomUUID();
  const metadata = { ...options.metadata, [uploadIdName]: id };
  const attributes = attributesOf(s3, { ...options, metadata });
  const { replaces, tags } = options;
  return { s3, key, id, attributes, signal, ...(replaces && { replaces }), ...(tags && { tags }) };
}

/** As `uploadChunks`, of a stream, which is destroyed when that fails. */
export async function uploadObject(
  s3: S3,
  key: string,
  body: Readable,
  options: UploadOptions,
): Promise<Uploaded> {
  try {
    return await uploadChunks(s3, key, (signal) => chunksOf(body, signal), options);
  } catch (error) {
    body.destroy();
    options.signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Stores a body: in one request when one part holds it, otherwise in parts, four at a time. Memory is bounded by four
 * parts (64 MiB up to an estimate of 78 GiB). Nothing is left behind on any error, and a key that exists is refused,
 * unless it is to be replaced: by the store itself where it honours `If-None-Match`, by looking before and after the
 * upload elsewhere.
 * @throws Failure `key-exists`, `repository-*`; what the body or the signal throws.
 */
export async function uploadChunks(
  s3: S3,
  key: string,
  chunks: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  options: UploadOptions,
): Promise<Uploaded> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  signal.throwIfAborted();
  const upload = begun(s3, key, options, signal);
  await refuseExisting(upload);
  const base = basePartSize(options.expectedBytes);
  const bytes = await send(upload, fillParts(counted(chunks(signal), options.onProgress), base), stop);
  try {
    if (bytes > base) await tagMade(s3, key, tagList(options.tags), { signal });
    return await confirm(upload, bytes);
  } catch (error) {
    await removeOwn(upload);
    throw error;
  }
}

/** Stores what is in memory already, in one request. @throws Failure `key-exists`, `repository-*` */
export async function uploadBytes(
  s3: S3,
  key: string,
  bytes: Uint8Array,
  options: UploadOptions & { readonly signal: AbortSignal },
): Promise<void> {
  await putWhole(begun(s3, key, options, options.signal), bytes);
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onProgress: UploadOptions['onProgress'],
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    yield chunk;
    bytes += chunk.length;
    onProgress?.(bytes);
  }
}

function tagList(tags: Readonly<Record<string, string>> = {}): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Returns the number of bytes sent. */
async function send(
  upload: Upload,
  parts: AsyncGenerator<FilledPart>,
  stop: AbortController,
): Promise<number> {
  const first = await parts.next();
  if (first.done === true) throw new Error('a body has at least one part');
  if (!first.value.last) return await sendParts(upload, first.value, parts, stop);
  await putWhole(upload, first.value.bytes);
  return first.value.bytes.length;
}

async function putWhole(upload: Upload, bytes: Uint8Array): Promise<void> {
  const { s3, key, attributes } = upload;
  await finish(upload, (condition, grace) =>
    putObject(s3, key, bytes, { ...attributes, ...condition }, grace),
  );
}

/**
 * Sends parts as they are filled, as many at once as their memory allows, and completes the upload; returns the bytes
 * sent. The first part that fails stops the body and the others; the upload is aborted once none of them is under way.
 */
async function sendParts(
  upload: Upload,
  first: FilledPart,
  others: AsyncGenerator<FilledPart>,
  stop: AbortController,
): Promise<number> {
  const { s3, key, signal } = upload;
  const UploadId = await beginUpload(upload);
  const sent: Sdk.CompletedPart[] = [];
  const sending: Promise<void>[] = [];
  let bytes = 0;
  const begin = (part: FilledPart): void => {
    bytes += part.bytes.length;
    sending.push(
      sendPart(s3, key, UploadId, part, signal)
        .then((done) => {
          sent.push(done);
        })
        // Ends the body and the other parts; the first reason is the one that counts.
        .catch((error: unknown) => {
          stop.abort(error);
        })
        .finally(part.release),
    );
  };
  try {
    begin(first);
    for await (const part of others) begin(part);
    await Promise.all(sending);
    signal.throwIfAborted();
    await refuseExisting(upload);
    const Parts = sent.sort((left, right) => (left.PartNumber ?? 0) - (right.PartNumber ?? 0));
    await finish(upload, (condition, grace) =>
      completeParts(s3, key, UploadId, Parts, { condition, signal: grace }),
    );
    return bytes;
  } catch (error) {
    stop.abort(error);
    // A part that arrives after the upload was aborted would stay, unseen and paid for.
    await Promise.all(sending);
    await abandonParts(s3, key, UploadId);
    throw error;
  }
}

async function beginUpload({ s3, key, attributes, signal }: Upload): Promise<string> {
  const checksum = s3.location.endpoint === undefined ? { ChecksumAlgorithm: 'CRC32' as const } : {};
  // Cut off at once, it would leave an upload whose id nobody learned.
  return withGrace(signal, (grace) => beginParts(s3, key, { ...attributes, ...checksum }, grace));
}

/** Begins an object of parts; gives the upload's id. @throws Failure `repository-*` */
export async function beginParts(
  s3: S3,
  key: string,
  attributes: Omit<Sdk.CreateMultipartUploadCommandInput, 'Bucket' | 'Key'>,
  signal: AbortSignal,
): Promise<string> {
  const { UploadId = '' } = await ask(
    s3,
    { action: 'store', key, signal },
    (sdk) => new sdk.CreateMultipartUploadCommand({ ...targetOf(s3, key), ...attributes }),
  );
  if (UploadId !== '') return UploadId;
  throw new Failure('repository-write', `${urlOf(s3.location, key)}: the store gave no upload id`);
}

/** @throws Failure `repository-*`; gives the version's id where the store tells it */
export async function completeParts(
  s3: S3,
  key: string,
  UploadId: string,
  Parts: readonly Sdk.CompletedPart[],
  { condition = {}, signal }: { readonly condition?: { IfNoneMatch?: '*' }; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { VersionId } = await ask(s3, { action: 'store', key, signal }, (sdk) => {
    const target = { ...targetOf(s3, key), ...condition, UploadId };
    return new sdk.CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: [...Parts] } });
  });
  return VersionId;
}

/** Best effort in a limited time: what remains is listed by `listUploads` and removed as debris. */
export async function abandonParts(s3: S3, key: string, uploadId: string): Promise<void> {
  await abortUpload(s3, key, uploadId, AbortSignal.timeout(undoLimitMs)).catch(() => undefined);
}

/** Sends one part of an object. @throws Failure `repository-*` */
export async function sendPart(
  s3: S3,
  key: string,
  UploadId: string,
  part: Pick<FilledPart, 'number' | 'bytes'>,
  signal: AbortSignal,
): Promise<Sdk.CompletedPart> {
  const target = { ...targetOf(s3, key), UploadId, PartNumber: part.number };
  const stored = await ask(
    s3,
    { action: 'store', key, signal },
    (sdk) => new sdk.UploadPartCommand({ ...target, Body: part.bytes }),
  );
  return {
    PartNumber: part.number,
    ETag: stored.ETag,
    ...defined({ ChecksumCRC32: stored.ChecksumCRC32 }),
  };
}

/**
 * The request that gives the object its key. Stores that do not know `If-None-Match` answer 501 and are asked without.
 * After an error, or a refusal of a try that came after one whose answer was lost, the object may be there all the same:
 * then it bears this upload's id. Cut off at once, the store might do it after it was looked for and removed: after an
 * abort its answer is waited for, for a moment.
 */
async function finish(
  upload: Upload,
  request: (condition: { IfNoneMatch?: '*' }, grace: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const { s3, key, signal } = upload;
  const isConditional = s3.abilities.conditionalWrites && upload.replaces !== true;
  const conditionally = (grace: AbortSignal): Promise<unknown> =>
    request(isConditional ? { IfNoneMatch: '*' } : {}, grace).catch(async (error: unknown) => {
      if (statusOf(error) !== 501 || !isConditional) throw error;
      s3.abilities.conditionalWrites = false;
      await request({}, grace);
    });
  try {
    await withGrace(signal, conditionally);
    signal.throwIfAborted();
  } catch (error) {
    if (signal.aborted) {
      await removeOwn(upload);
      throw signal.reason;
    }
    const limit = AbortSignal.any([signal, AbortSignal.timeout(answerLimitMs)]);
    const found = await headObject(s3, key, limit).catch(() => undefined);
    if (found?.Metadata?.[uploadIdName] === upload.id) return;
    const isTaken = statusOf(error) === 412 || isNamed(error, 'ConditionalRequestConflict');
    throw isTaken ? existing(upload) : error;
  }
}

/** @throws Failure `key-exists` */
async function refuseExisting(upload: Upload): Promise<void> {
  if (upload.replaces === true) return;
  if ((await headObject(upload.s3, upload.key, upload.signal)) !== undefined) throw existing(upload);
}

function existing({ s3, key }: Upload): Failure {
  const where = urlOf(s3.location, key);
  return new Failure('key-exists', `${where} exists already and is never overwritten`, {
    hint: 'Each run makes new names: two runs at once, or a clock that went back?',
    where,
    fields: { object: where },
  });
}

/** Removes the object when it is this upload's and nobody else's. */
async function removeOwn({ s3, key, id, replaces }: Upload): Promise<void> {
  // It would hide the version before it as well.
  if (replaces === true) return;
  const limit = AbortSignal.timeout(undoLimitMs);
  try {
    const found = await headObject(s3, key, limit);
    if (found?.Metadata?.[uploadIdName] === id) await removeObject(s3, key, { signal: limit });
  } catch {
    // The failure that led here is the one to tell; without a manifest the object is debris.
  }
}

/** Asks the store what it has: the size it reports is the one that counts. */
async function confirm({ s3, key, signal }: Upload, bytes: number): Promise<Uploaded> {
  const found = await headObject(s3, key, signal);
  if (found?.ContentLength === bytes) return { bytes, modifiedAt: found.LastModified ?? new Date(0) };
  const where = urlOf(s3.location, key);
  const shown = found === undefined ? 'is not there' : `has ${found.ContentLength ?? 0} bytes`;
  throw new Failure('repository-write', `${where} ${shown} after ${bytes} were stored without an error`, {
    hint: 'The store lost data, or somebody else wrote the key: look at it before you trust it with backups.',
    where,
    fields: { object: where },
  });
}

/** Does something that is told of an abort only a moment later, so that what it began comes to a known end. */
async function withGrace<T>(signal: AbortSignal, action: (grace: AbortSignal) => Promise<T>): Promise<T> {
  const grace = new AbortController();
  const start = (): void => {
    setTimeout(() => {
      grace.abort(signal.reason);
    }, undoLimitMs / 2).unref();
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', start, { once: true });
  try {
    return await action(grace.signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', start);
  }
}
