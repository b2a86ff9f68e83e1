import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { chunksOf } from '../base/body.ts';
import type { S3 } from '../s3/client.ts';
import { downloadObject } from '../s3/download.ts';
import type { PresentObject } from './objects-at.ts';

/** Reads an object's content and gives its hash, hex. Errors are the store's own. */
export type HashObject = (
  object: PresentObject,
  algorithm: 'sha256' | 'md5',
  signal: AbortSignal,
) => Promise<string>;

export function hashInBucket(store: S3): HashObject {
  return async ({ key, versionId }, algorithm, signal) =>
    hashOf(await downloadObject(store, key, { versionId, signal }), algorithm, signal);
}

export function hashInFolder(root: string): HashObject {
  return ({ key }, algorithm, signal) => hashOf(createReadStream(join(root, key)), algorithm, signal);
}

async function hashOf(body: Readable, algorithm: string, signal: AbortSignal): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of chunksOf(body, signal)) hash.update(chunk);
  return hash.digest('hex');
}
