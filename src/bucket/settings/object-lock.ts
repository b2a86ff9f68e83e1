import type { ObjectLockConfiguration } from '@aws-sdk/client-s3';
import type { Bucket } from '../../language/environment/bucket.ts';
import { parseDuration } from '../../base/quantity/duration.ts';
import { facts } from '../facts.ts';
import type { Setting } from '../setting.ts';

const dayMs = 86_400_000;

/** For how long nobody may remove a new version. */
export const objectLockSetting: Setting<ObjectLockConfiguration> = {
  name: 'object-lock',
  permissions: { read: 's3:GetBucketObjectLockConfiguration', write: 's3:PutBucketObjectLockConfiguration' },
  absentBy: ['ObjectLockConfigurationNotFoundError'],
  instead: 'leave object-lock out; then whoever may delete versions can delete backups',
  isWished: ({ objectLock }) => objectLock !== undefined,
  read: async ({ sdk, client, location }, abortSignal) => {
    const command = new sdk.GetObjectLockConfigurationCommand({ Bucket: location.bucket });
    const answer = await client.send(command, { ...(abortSignal !== undefined && { abortSignal }) });
    return answer.ObjectLockConfiguration;
  },
  merge: ({ objectLock }: Bucket, is) =>
    objectLock === undefined
      ? is
      : {
          ObjectLockEnabled: 'Enabled',
          Rule: {
            DefaultRetention: {
              Mode: objectLock.mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
              Days: objectLock.forMs / dayMs,
            },
          },
        },
  write: async ({ sdk, client, location }, value) => {
    const command = new sdk.PutObjectLockConfigurationCommand({
      Bucket: location.bucket,
      ObjectLockConfiguration: value,
    });
    await client.send(command);
  },
  // The lock itself cannot be taken from a bucket, only its default.
  remove: async ({ sdk, client, location }) => {
    const command = new sdk.PutObjectLockConfigurationCommand({
      Bucket: location.bucket,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
    });
    await client.send(command);
  },
  facts: (value) => {
    const { Mode, Days, Years } = value?.Rule?.DefaultRetention ?? {};
    // A year of a lock is 365 days: Amazon S3's documentation, "Object Lock".
    const days = Days ?? (Years === undefined ? undefined : Years * 365);
    return facts({
      'object-lock.mode': Mode?.toLowerCase(),
      'object-lock.for': days === undefined ? undefined : `${days}d`,
    });
  },
  weakens: ({ key, is, should }) => {
    if (key === 'object-lock.mode' && is === 'compliance')
      return 'a special permission may then remove versions';
    const [before, after] = [parseDuration(is ?? ''), parseDuration(should ?? '')];
    if (key === 'object-lock.for' && before !== undefined && (after ?? 0) < before)
      return 'new versions are protected for a shorter time';
    return undefined;
  },
  consequence: ({ key, should }) =>
    key === 'object-lock.for'
      ? `versions written from now on cannot be removed for ${should ?? ''}, and prune must wait as well`
      : undefined,
};
