import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import type { Failure } from '../../../src/base/failure.ts';
import type { UploadsSyncParameters } from '../../../src/language/generated/uploads-sync.types.ts';
import type { Repository } from '../../../src/store/repository.ts';
import task from '../../../tasks/uploads-sync.ts';
import { createBucket, emptyAndRemoveBucket, s3Client, type BucketOptions } from '../../services/bucket.ts';
import { s3Location, s3Secrets } from '../../services/repository.ts';
import type { Services } from '../../services/services.ts';
import { attempt, type Said } from '../task/attempt.ts';

/** What a sync recorded of itself. */
export interface SyncFacts {
  readonly files: number;
  readonly objects: number;
  readonly uploaded: number;
  readonly uploadedBytes: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly extras: number;
  readonly readBack: number;
  readonly skipped: number;
  readonly skippedFiles: readonly { readonly name: string; readonly reason: string }[];
  readonly failed: number;
  readonly failedFiles: readonly { readonly name: string; readonly reason: string }[];
}

export interface SyncOutcome {
  readonly sync: SyncFacts;
  readonly failure: Failure | undefined;
  readonly said: Said;
}

/** A folder and a bucket of one test's own. */
export interface SyncPlace {
  readonly folder: string;
  readonly bucket: string;
  readonly client: S3Client;
  readonly prefix: string;
  write(name: string, content: string | Uint8Array): Promise<void>;
  /** Runs uploads-sync as a step does; an expected failure comes back. */
  sync(
    parameters?: Omit<UploadsSyncParameters, 'folder' | 'from'>,
    options?: { readonly endpoint?: string; readonly signal?: AbortSignal },
  ): Promise<SyncOutcome>;
  /** The bucket's current objects below the prefix, each with the sha256 of its content. */
  contents(): Promise<Record<string, string>>;
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function createSyncPlace(
  services: Services,
  options: BucketOptions & { readonly prefix?: string } = {},
): Promise<SyncPlace> {
  const { prefix = 'uploads', ...bucketOptions } = options;
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-sync-'));
  const bucket = await createBucket(services, { versioning: true, ...bucketOptions });
  const client = s3Client(services);
  onTestFinished(async () => {
    client.destroy();
    await emptyAndRemoveBucket(services, bucket);
    await rm(folder, { recursive: true, force: true });
  });
  return {
    folder,
    bucket,
    client,
    prefix,
    write: async (name, content) => {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    },
    sync: async (parameters = {}, { endpoint, signal } = {}) => {
      const s3 = { ...s3Location(services, bucket, prefix), ...(endpoint !== undefined && { endpoint }) };
      const environment = {
        name: 'staging',
        protected: false,
        uploads: { store: { kind: 's3', s3 } },
      } as const;
      try {
        const { result, said } = await attempt(
          task,
          { folder, ...parameters },
          {
            environment,
            repository: noRepository,
            password: services.s3.secretAccessKey,
            secrets: s3Secrets(services),
            ...(signal !== undefined && { signal }),
          },
        );
        return { sync: result.facts?.['sync'] as SyncFacts, failure: undefined, said };
      } catch (error) {
        const failure = error as Failure & { readonly said: Said };
        if (failure.name !== 'Failure') throw error;
        return { sync: failure.facts?.['sync'] as SyncFacts, failure, said: failure.said };
      }
    },
    contents: async () => {
      const found: Record<string, string> = {};
      const start = prefix === '' ? '' : `${prefix}/`;
      for (let token: string | undefined; ;) {
        const page = await client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: start,
            ContinuationToken: token,
            EncodingType: 'url',
          }),
        );
        for (const { Key = '' } of page.Contents ?? []) {
          const key = decodeURIComponent(Key.replaceAll('+', ' '));
          const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
          found[key.slice(start.length)] = sha256((await Body?.transformToByteArray()) ?? '');
        }
        token = page.NextContinuationToken;
        if (token === undefined) return found;
      }
    },
  };
}

/** uploads-sync touches none. */
const noRepository = {} as Repository;
