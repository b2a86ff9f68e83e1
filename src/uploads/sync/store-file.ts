import { createHash, randomUUID } from 'node:crypto';
import { lookup } from 'mrmime';
import { fillParts } from '../../store/part-buffer.ts';
import { basePartSize } from '../../store/part-sizes.ts';
import { attributesOf } from '../../store/s3-attributes.ts';
import { objectName, urlOf, type S3Store } from '../../store/s3-client.ts';
import { finish, type Upload } from '../../store/s3-finish.ts';
import { sendParts } from '../../store/s3-multipart.ts';
import { Failure } from '../../base/failure.ts';
import { FileChanged, type OpenFile } from './open-file.ts';
import { headUpload, sha256Name } from './stored-uploads.ts';

export interface StoreRequest {
  readonly store: S3Store;
  readonly key: string;
  /** Hex, of the content that was compared; nothing else is stored. */
  readonly sha256: string;
  readonly signal: AbortSignal;
}

/** Stores a small file's content, read already, as the key's current version, in one request. @throws Failure `repository-*` */
export async function storeBytes(request: StoreRequest, bytes: Uint8Array): Promise<void> {
  const { client, sdk } = request.store;
  const upload = uploadOf(request, request.signal);
  await finish(upload, () =>
    client.send(new sdk.PutObjectCommand({ ...upload.target, ...upload.attributes, Body: bytes }), {
      abortSignal: request.signal,
    }),
  );
}

/**
 * Stores a large file in parts, at most four of them in memory. It is hashed again on its way: a content other than
 * the one compared never becomes a version.
 * @throws FileChanged, Failure `repository-*`
 */
export async function storeParts(
  request: StoreRequest,
  file: OpenFile,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { store, key } = request;
  const stop = new AbortController();
  const upload = uploadOf(request, AbortSignal.any([stop.signal, request.signal]));
  const parts = fillParts(proven(file, request.sha256, upload.signal, onBytes), basePartSize(file.bytes));
  const first = await parts.next();
  if (first.done === true) throw new Error('a body has at least one part');
  await sendParts(upload, first.value, parts, stop);
  const found = await headUpload(store, key, request.signal);
  if (found?.ContentLength === file.bytes) return;
  const where = urlOf(store.location, key);
  throw new Failure('repository-write', `${where} has not the ${String(file.bytes)} bytes that were stored`, {
    hint: 'The store lost data, or somebody else wrote the key at the same time.',
    where,
  });
}

function uploadOf({ store, key, sha256 }: StoreRequest, signal: AbortSignal): Upload {
  const id = randomUUID();
  const contentType = contentTypeOf(key);
  const attributes = attributesOf(store, id, contentType === undefined ? {} : { contentType });
  return {
    store,
    key,
    id,
    target: { Bucket: store.location.bucket, Key: objectName(store.location, key) },
    attributes: { ...attributes, Metadata: { ...attributes.Metadata, [sha256Name]: sha256 } },
    signal,
    replaces: true,
  };
}

/** By the name's extension; undefined where that says nothing. */
export function contentTypeOf(key: string): string | undefined {
  const extension = /[^/.][^/]*\.(?<extension>[^./]+)$/.exec(key)?.groups?.['extension'];
  return extension === undefined ? undefined : lookup(extension);
}

/** Ends with an error, and so without an object, when the content is not the one expected. */
async function* proven(
  file: OpenFile,
  sha256: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of file.chunks(signal)) {
    hash.update(chunk);
    yield chunk;
    onBytes(chunk.length);
  }
  if (hash.digest('hex') !== sha256) throw new FileChanged();
  await file.checkUnchanged();
}
