import { HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, inject, test } from 'vitest';
import { createBucket, emptyAndRemoveBucket, s3Client } from '../../services/bucket.ts';
import { createDatabase, dropDatabase } from '../../services/database.ts';

const services = inject('services');

test('a test has a database of its own', async () => {
  const database = await createDatabase(services, 'odd "name" – ü');
  try {
    const rows = await database.query<{ name: string }>('select 1; select current_database() as name');
    expect(rows).toEqual([{ name: 'odd "name" – ü' }]);
    expect(await database.query('select $1::int + 1 as sum', [2])).toEqual([{ sum: 3 }]);
  } finally {
    await dropDatabase(services, database);
  }
  await expect(database.query('select 1')).rejects.toThrow('does not exist');
});

test('a test has a bucket of its own, removed with all its versions', async () => {
  const bucket = await createBucket(services, { versioning: true });
  const client = s3Client(services);
  try {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'one' }));
    const second = await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'two' }));
    expect(second.VersionId).toBeTruthy();
    await emptyAndRemoveBucket(services, bucket);
    await expect(client.send(new HeadBucketCommand({ Bucket: bucket }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  } finally {
    client.destroy();
  }
});
