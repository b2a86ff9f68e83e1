import type { BucketVersioningStatus } from '@aws-sdk/client-s3';
import { facts } from '../facts.ts';
import type { Setting } from '../setting.ts';

/** Whether what is overwritten or deleted stays as a noncurrent version. */
export const versioningSetting: Setting<BucketVersioningStatus> = {
  name: 'versioning',
  permissions: { read: 's3:GetBucketVersioning', write: 's3:PutBucketVersioning' },
  absentBy: [],
  instead: 'leave versioning out; without it nothing protects objects against being overwritten',
  isWished: ({ versioning }) => versioning !== undefined,
  read: async ({ sdk, client, location }, abortSignal) => {
    const command = new sdk.GetBucketVersioningCommand({ Bucket: location.bucket });
    return (await client.send(command, { ...(abortSignal !== undefined && { abortSignal }) })).Status;
  },
  merge: ({ versioning }, is) => {
    if (versioning === true) return 'Enabled';
    // A bucket that had versions once can only rest from making more.
    return is === 'Enabled' ? 'Suspended' : is;
  },
  write: async ({ sdk, client, location }, Status) => {
    const command = new sdk.PutBucketVersioningCommand({
      Bucket: location.bucket,
      VersioningConfiguration: { Status },
    });
    await client.send(command);
  },
  remove: async ({ sdk, client, location }) => {
    const command = new sdk.PutBucketVersioningCommand({
      Bucket: location.bucket,
      VersioningConfiguration: { Status: 'Suspended' },
    });
    await client.send(command);
  },
  facts: (value) =>
    facts({ versioning: value === undefined ? 'off' : value === 'Enabled' ? 'on' : 'suspended' }),
  weakens: ({ is }) =>
    is === 'on' ? 'what is overwritten or deleted from then on is gone at once' : undefined,
  consequence: ({ should }) =>
    should === 'on' ? 'what is overwritten or deleted from now on stays as a version' : undefined,
};
