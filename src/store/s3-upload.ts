import { randomUUID } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import { chunksOf, toReadable } from './body.ts';
import { checkKey } from './key.ts';
import { fillParts } from './part-buffer.ts';
import { basePartSize } from './part-sizes.ts';
import type { PutOptions, Repository, StoredObject } from './repository.ts';
import { objectName, urlOf, type S3Store } from './s3-client.ts';
import { attributesOf, tag } from './s3-attributes.ts';
import { finish, refuseExisting, removeOwn, type Upload } from './s3-finish.ts';
import { headObject } from './s3-head.ts';
import { sendParts } from './s3-multipart.ts';

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
    try {
      if (options.tags !== undefined && bytes > basePartSize(options.expectedBytes))
        await tag(upload, options.tags);
      return await confirm(upload, bytes);
    } catch (error) {
      await removeOwn(upload);
      throw error;
    }
  } catch (error) {
    stream.destroy();
    options.signal?.throwIfAborted();
    throw error;
  }
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

/** Asks the store what it has: the size it reports is the one that counts. */
async function confirm(upload: Upload, bytes: number): Promise<StoredObject> {
  const { store, key } = upload;
  const found = await headObject(store, key, upload.signal);
  if (found?.bytes === bytes) return { key, bytes, modifiedAt: found.modifiedAt };
  const where = urlOf(store.location, key);
  const shown = found === undefined ? 'is not there' : `has ${found.bytes} bytes`;
  throw new Failure('repository-write', `${where} ${shown} after ${bytes} were stored without an error`, {
    hint: 'The store lost data, or somebody else wrote the key: look at it before you trust it with backups.',
    where,
  });
}
