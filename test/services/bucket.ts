import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Services } from './services.ts';

interface ObjectIdentifier {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
}

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
  // A batch needs a checksum, and the one of the SDK is not known to every store.
  client.middlewareStack.add(
    (next) => (args) => {
      const { body, headers } = args.request as { body: unknown; headers: Record<string, string> };
      if (typeof body === 'string') headers['content-md5'] = createHash('md5').update(body).digest('base64');
      return next(args);
    },
    { step: 'build', priority: 'low' },
  );
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
    const { plain = [], odd = [] } = Object.groupBy(versions, ({ Key = '' }) =>
      /^[ -~]*$/.test(Key) ? 'plain' : 'odd',
    );
    const refused = plain.length === 0 ? [] : await removeBatch(client, bucket, plain);
    await inParallel([...odd, ...refused], async ({ Key, VersionId }) => {
      await client.send(
        new DeleteObjectCommand({ Bucket: bucket, Key, VersionId, BypassGovernanceRetention: true }),
      );
    });
  }
}

/** Gives what was not removed: not every store removes in a batch what is under a lock. XML cannot hold every name. */
async function removeBatch(
  client: S3Client,
  bucket: string,
  versions: readonly ObjectIdentifier[],
): Promise<readonly ObjectIdentifier[]> {
  const { Errors = [] } = await client.send(
    new DeleteObjectsCommand({
      Bucket: bucket,
      BypassGovernanceRetention: true,
      Delete: { Objects: versions.map(({ Key, VersionId }) => ({ Key, VersionId })), Quiet: true },
    }),
  );
  return Errors.map(({ Key, VersionId }) => ({ Key, VersionId }));
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
