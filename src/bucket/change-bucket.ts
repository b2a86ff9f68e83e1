import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import type { Bucket } from '../language/environment/bucket.ts';
import type { S3Store } from '../store/s3-client.ts';
import { namesOf } from '../store/s3-failure.ts';
import { bucketFailure } from './bucket-store.ts';
import { changeSetting, type ChangeOptions, type SettingChange } from './change-setting.ts';
import { bucketExists, type BucketComparison } from './compare.ts';
import { forEachSetting } from './settings-in-order.ts';

export interface ApplyBucketOptions extends Omit<ChangeOptions, 'confirmed'> {
  /** What the operator has seen and confirmed. */
  readonly confirmed: BucketComparison;
}

/**
 * Brings a bucket to what the YAML says, setting by setting, the weakest risk first, and makes it first when it is
 * absent and to be made. The first failure ends it; what was changed before stays, as each setting stands by itself.
 * @throws Failure as `changeSetting`
 */
export async function changeBucket(
  store: S3Store,
  bucket: Bucket,
  { confirmed, ...options }: ApplyBucketOptions,
): Promise<readonly SettingChange[]> {
  const [fault] = confirmed.faults;
  if (fault !== undefined) throw fault.failure;
  if (!confirmed.exists && !(await bucketExists(store, options.signal))) await createBucket(store, bucket);
  const changes: SettingChange[] = [];
  const steps = forEachSetting(
    (setting) => () =>
      changeSetting(setting, store, bucket, {
        ...options,
        confirmed: confirmed.exists ? confirmed.rows : undefined,
      }),
  );
  for (const step of steps) {
    const change = await step();
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/** Object lock is switched on at birth: some stores do not allow it later. */
async function createBucket(store: S3Store, { name, objectLock, connection }: Bucket): Promise<void> {
  const { region, endpoint } = connection;
  // Amazon's first region is the only one that must not be named; other stores have places of their own.
  const isNamed = endpoint === undefined && region !== undefined && region !== 'us-east-1';
  const command = new store.sdk.CreateBucketCommand({
    Bucket: name,
    ...(objectLock !== undefined && { ObjectLockEnabledForBucket: true }),
    ...(isNamed && {
      CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint },
    }),
  });
  try {
    await store.client.send(command);
  } catch (error) {
    if (namesOf(error).includes('BucketAlreadyOwnedByYou')) return;
    throw bucketFailure(error, { doing: 'write the beginning', permission: 's3:CreateBucket' }, connection);
  }
}
