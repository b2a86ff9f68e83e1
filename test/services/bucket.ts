import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Services } from './services.ts';

export interface BucketOptions {
  readonly versioning?: boolean;
  /** Object lock needs a bucket that was made with it; it brings versioning along. */
  readonly objectLock?: boolean;
}

/** A client for what a test asks of the store itself, beside the code that it tests. The test destroys it. */
export function s3Client(services: Services): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = services.s3;
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** Makes a bucket with a unique name and returns the name. */
export async function createBucket(services: Services, options: BucketOptions = {}): Promise<string> {
  const bucket = `test-${randomBytes(8).toString('hex')}`;
  const client = s3Client(services);
  try {
    await client.send(
      new CreateBucketCommand({
        Bucket: bucket,
        ...(options.objectLock === true && { ObjectLockEnabledForBucket: true }),
      }),
    );
    if (options.versioning === true) {
      await client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
    }
  } finally {
    client.destroy();
  }
  return bucket;
}

/** Puts small objects, many at a time. */
export async function putObjects(
  services: Services,
  bucket: string,
  names: readonly string[],
): Promise<void> {
  const client = s3Client(services);
  try {
    await inParallel(names, async (Key) => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'seed' }));
    });
  } finally {
    client.destroy();
  }
}

/** Removes a bucket with every version, delete marker and unfinished upload in it, also those under governance lock. */
export async function emptyAndRemoveBucket(services: Services, bucket: string): Promise<void> {
  const client = s3Client(services);
  try {
    await removeVersions(client, bucket);
    await abortUploads(client, bucket);
    await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  } finally {
    client.destroy();
  }
}

async function removeVersions(client: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    if (versions.length === 0) return;
    // One by one and many at a time: a batch would need a checksum that not every store takes.
    await inParallel(versions, async ({ Key, VersionId }) => {
      await client.send(
        new DeleteObjectCommand({ Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true }),
      );
    });
  }
}

async function abortUploads(client: S3Client, bucket: string): Promise<void> {
  const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  await inParallel(page.Uploads ?? [], async ({ Key, UploadId }) => {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  });
}

async function inParallel<Item>(
  items: readonly Item[],
  action: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const workers = Array.from({ length: 32 }, async () => {
    for (let item = queue.pop(); item !== undefined; item = queue.pop()) await action(item);
  });
  await Promise.all(workers);
}
