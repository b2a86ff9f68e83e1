import type { S3Location } from '../language/environment/environment.ts';
import type { Secrets } from '../language/secret-reference.ts';
import { checkKey } from './key.ts';
import type { Repository } from './repository.ts';
import { openStore, urlOf, usualLimits, type S3Limits } from './s3-client.ts';
import { readStoreClock } from './s3-clock.ts';
import { downloadObject } from './s3-download.ts';
import { headObject } from './s3-head.ts';
import { listObjects, listUploads } from './s3-listing.ts';
import { removeObjects } from './s3-removal.ts';
import { uploadObject } from './s3-upload.ts';

export interface S3Options {
  /** Other limits than the usual ones. */
  readonly limits?: Partial<S3Limits>;
}

/** A repository in an S3 bucket, below a prefix. Nothing is sent before the first use. */
export async function openS3(
  location: S3Location,
  secrets: Secrets,
  options: S3Options = {},
): Promise<Repository> {
  const store = await openStore(location, secrets, { ...usualLimits, ...options.limits });
  const url = urlOf(location);
  return {
    location: url,
    identity: `${url} at ${location.endpoint ?? 'aws'}`,
    put: (key, body, putOptions = {}) => uploadObject(store, key, body, putOptions),
    get: (key, readOptions = {}) => downloadObject(store, key, readOptions),
    head: async (key, signal) => {
      checkKey(key);
      const found = await headObject(store, key, signal);
      if (found === undefined) return undefined;
      const { uploadId: _, ...object } = found;
      return object;
    },
    list: (prefix, signal) => listObjects(store, prefix, signal),
    remove: async (keys, signal) => {
      keys.forEach(checkKey);
      await removeObjects(store, keys, signal);
    },
    unfinished: (signal) => listUploads(store, signal),
    clock: (signal) => readStoreClock(store, signal),
    freeBytes: () => Promise.resolve(undefined),
    close: () => {
      store.client.destroy();
      return Promise.resolve();
    },
  };
}
