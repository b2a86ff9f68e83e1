import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Environment } from '../../../src/language/environment/environment.ts';
import type { Repository } from '../../../src/store/repository.ts';
import { s3Location } from '../../services/repository.ts';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../../services/bucket.ts';
import { secretsFrom } from '../../services/repository.ts';
import type { Secrets } from '../../../src/language/secret-reference.ts';
import type { Services } from '../../services/services.ts';

/** A versioned bucket of one test's own, as the uploads of an environment. */
export interface UploadsGround {
  readonly bucket: string;
  readonly client: S3Client;
  readonly environment: Environment;
  readonly secrets: Secrets;
  put(key: string, body: string, more?: object): Promise<void>;
  hide(key: string): Promise<void>;
  /** What is current: contents by key. */
  contents(): Promise<Map<string, string>>;
  remove(): Promise<void>;
}

export async function createUploads(
  services: Services,
  endpoint = services.s3.endpoint,
): Promise<UploadsGround> {
  const bucket = await createBucket(services, { versioning: true });
  const client = s3Client(services);
  const location = { ...s3Location(services, bucket, ''), endpoint };
  return {
    bucket,
    client,
    environment: {
      name: 'test',
      protected: false,
      uploads: { store: { kind: 's3', s3: location }, references: 'select key, size from photos' },
    },
    secrets: secretsFrom({
      S3_ID: services.s3.accessKeyId,
      S3_SECRET: services.s3.secretAccessKey,
      TEST_PASSWORD: services.postgres.password,
    }),
    put: async (Key, Body, more = {}) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ...more }));
    },
    hide: async (Key) => {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    },
    contents: async () => {
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      const pairs = (page.Contents ?? []).map(async ({ Key = '' }): Promise<[string, string]> => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
        return [Key, (await Body?.transformToString()) ?? ''];
      });
      return new Map(await Promise.all(pairs));
    },
    remove: async () => {
      client.destroy();
      await emptyAndRemoveBucket(services, bucket);
    },
  };
}

/** For tasks that need no repository: one that fails when it is asked. */
export const noRepository = new Proxy({} as Repository, {
  get: (_, name) => () => Promise.reject(new Error(`this test has no repository (${String(name)})`)),
});
