import type { Bucket } from '../../language/environment/bucket.ts';
import { parseDuration } from '../../base/quantity/duration.ts';
import { storedObjectLock, type LockConfiguration } from '../../s3/bucket.ts';
import { facts } from '../facts.ts';
import type { Setting } from '../setting.ts';

const dayMs = 86_400_000;

/** For how long nobody may remove a new version. */
export const objectLockSetting: Setting<LockConfiguration> = {
  ...storedObjectLock,
  name: 'object-lock',
  instead: 'leave object-lock out; then whoever may delete versions can delete backups',
  isWished: ({ objectLock }) => objectLock !== undefined,
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
