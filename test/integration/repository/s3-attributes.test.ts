import { randomBytes } from 'node:crypto';
import { GetObjectTaggingCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { s3Client } from '../../services/bucket.ts';
import { createS3Repository, type TestRepository } from '../../services/repository.ts';

const services = inject('services');
const client = s3Client(services);
let made: TestRepository;

beforeAll(async () => {
  made = await createS3Repository(services, {
    encryption: { algorithm: 'aws:kms', key: services.s3.kmsKey },
    // MinIO knows no other class.
    ...(services.s3.flavour === 'ceph' && { storageClass: 'STANDARD_IA' }),
  });
});
afterAll(async () => {
  client.destroy();
  await made.remove();
});

test.each([
  ['in one request', 1024],
  ['in parts', 17 * 1024 * 1024],
])('an object stored %s is encrypted, tagged and classed as asked', async (_how, bytes) => {
  const key = `object ${bytes}`;
  await made.repository.put(key, randomBytes(bytes), {
    tags: { tier: 'daily', 'odd one': 'a=b c' },
    contentType: 'application/zstd',
  });
  const { store } = made.settings;
  if (store.kind !== 's3') throw new Error('the test is about S3');
  const object = { Bucket: store.s3.bucket, Key: `${store.s3.prefix}/${key}` };
  const head = await client.send(new HeadObjectCommand(object));
  expect(head).toMatchObject({
    ContentType: 'application/zstd',
    ServerSideEncryption: 'aws:kms',
    ContentLength: bytes,
  });
  expect(head.SSEKMSKeyId).toContain(services.s3.kmsKey);
  if (services.s3.flavour === 'ceph') expect(head.StorageClass).toBe('STANDARD_IA');
  const { TagSet = [] } = await client.send(new GetObjectTaggingCommand(object));
  expect(Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]))).toEqual({
    tier: 'daily',
    'odd one': 'a=b c',
  });
});
