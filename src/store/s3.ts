import { defined } from '../base/defined.ts';
import type { S3Location } from '../language/environment/environment.ts';
import type { Secrets } from '../language/secret-reference.ts';
import { readStoreClock } from '../s3/bucket.ts';
import { openS3, urlOf, type S3, type S3Options } from '../s3/client.ts';
import { downloadObject } from '../s3/download.ts';
import { listObjects, listUploads } from '../s3/listing.ts';
import { headObject } from '../s3/object.ts';
import { removeObjects } from '../s3/removal.ts';
import { uploadObject } from '../s3/upload.ts';
import { toReadable } from '../base/body.ts';
import { checkKey } from './key.ts';
import type { Repository, StoredObject } from './repository.ts';

/** A repository in an S3 bucket, below a prefix. Nothing is sent before the first use. */
export async function openS3Repository(
  location: S3Location,
  secrets: Secrets,
  options: S3Options = {},
): Promise<Repository> {
  const s3 = await openS3(location, secrets, options);
  const url = urlOf(location);
  return {
    location: url,
    identity: `${url} at ${location.endpoint ?? 'aws'}`,
    put: async (key, body, putOptions = {}) => {
      const stream = toReadable(body);
      try {
        checkKey(key);
        return { key, ...(await uploadObject(s3, key, stream, putOptions)) };
      } catch (error) {
        stream.destroy();
        throw error;
      }
    },
    get: async (key, readOptions = {}) => {
      checkKey(key);
      return await downloadObject(s3, key, readOptions);
    },
    head: async (key, signal) => {
      checkKey(key);
      return await describe(s3, key, signal);
    },
    list: (prefix, signal) => listObjects(s3, prefix, signal),
    remove: async (keys, signal) => {
      keys.forEach(checkKey);
      await removeObjects(s3, keys, signal);
    },
    unfinished: (signal) => listUploads(s3, signal),
    clock: (signal) => readStoreClock(s3, signal),
    freeBytes: () => Promise.resolve(undefined),
    close: () => {
      s3.close();
      return Promise.resolve();
    },
  };
}

async function describe(s3: S3, key: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
  const found = await headObject(s3, key, signal);
  if (found === undefined) return undefined;
  const { ContentLength: bytes = 0, LastModified: modifiedAt = new Date(0), VersionId } = found;
  return { key, bytes, modifiedAt, ...defined({ versionId: VersionId }) };
}
