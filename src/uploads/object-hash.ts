import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { chunksOf } from '../store/body.ts';
import { objectName, type S3Store } from '../store/s3-client.ts';
import type { PresentObject } from './objects-at.ts';

/** Reads an object's content and gives its hash, hex. Errors are the store's own. */
export type HashObject = (
  object: PresentObject,
  algorithm: 'sha256' | 'md5',
  signal: AbortSignal,
) => Promise<string>;

export function hashInBucket({ sdk, client, location }: S3Store): HashObject {
  return async ({ key, versionId }, algorithm, signal) => {
    const command = new sdk.GetObjectCommand({
      Bucket: location.bucket,
      Key: objectName(location, key),
      ...(versionId !== undefined && { VersionId: versionId }),
    });
    const { Body } = await client.send(command, { abortSignal: signal });
    if (!(Body instanceof Readable)) throw new Error('the SDK gave no stream in Node');
    return hashOf(Body, algorithm, signal);
  };
}

export function hashInFolder(root: string): HashObject {
  return ({ key }, algorithm, signal) => hashOf(createReadStream(join(root, key)), algorithm, signal);
}

async function hashOf(body: Readable, algorithm: string, signal: AbortSignal): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of chunksOf(body, signal)) hash.update(chunk);
  return hash.digest('hex');
}
