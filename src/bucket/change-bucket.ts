import type { Bucket } from '../language/environment/bucket.ts';
import { bucketExists, createBucket } from '../s3/bucket.ts';
import type { S3 } from '../s3/client.ts';
import { changeSetting, type ChangeOptions, type SettingChange } from './change-setting.ts';
import type { BucketComparison } from './compare.ts';
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
  store: S3,
  bucket: Bucket,
  { confirmed, ...options }: ApplyBucketOptions,
): Promise<readonly SettingChange[]> {
  const [fault] = confirmed.faults;
  if (fault !== undefined) throw fault.failure;
  if (!confirmed.exists && !(await bucketExists(store, options.signal)))
    await createBucket(store, { withLock: bucket.objectLock !== undefined });
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
