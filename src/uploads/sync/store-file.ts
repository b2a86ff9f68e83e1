import { createHash } from 'node:crypto';
import { lookup } from 'mrmime';
import type { S3 } from '../../s3/client.ts';
import { uploadBytes, uploadChunks, type UploadOptions } from '../../s3/upload.ts';
import { FileChanged, type OpenFile } from './open-file.ts';
import { sha256Name } from './stored-uploads.ts';

export interface StoreRequest {
  readonly store: S3;
  readonly key: string;
  /** Hex, of the content that was compared; nothing else is stored. */
  readonly sha256: string;
  readonly signal: AbortSignal;
}

/** Stores a small file's content, read already, as the key's current version, in one request. @throws Failure `repository-*` */
export async function storeBytes(request: StoreRequest, bytes: Uint8Array): Promise<void> {
  await uploadBytes(request.store, request.key, bytes, optionsOf(request));
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
  const { store, key, sha256 } = request;
  const options = { ...optionsOf(request), expectedBytes: file.bytes };
  await uploadChunks(store, key, (signal) => proven(file, sha256, signal, onBytes), options);
}

function optionsOf({ key, sha256, signal }: StoreRequest): UploadOptions & { readonly signal: AbortSignal } {
  return { replaces: true, contentType: contentTypeOf(key), metadata: { [sha256Name]: sha256 }, signal };
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
