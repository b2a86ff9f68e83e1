import type { PublicAccessBlockConfiguration } from '@aws-sdk/client-s3';
import { facts } from '../facts.ts';
import type { Setting } from '../setting.ts';
import { trialUpload } from '../trial-upload.ts';

const flags = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;

/** Amazon's four flags against public access, all or none. */
export const publicAccessSetting: Setting<PublicAccessBlockConfiguration> = {
  name: 'block-public-access',
  permissions: { read: 's3:GetBucketPublicAccessBlock', write: 's3:PutBucketPublicAccessBlock' },
  absentBy: ['NoSuchPublicAccessBlockConfiguration'],
  instead: 'leave block-public-access out and keep public statements and ACLs away by hand',
  isWished: ({ blockPublicAccess }) => blockPublicAccess !== undefined,
  read: async ({ sdk, client, location }, abortSignal) => {
    const command = new sdk.GetPublicAccessBlockCommand({ Bucket: location.bucket });
    const answer = await client.send(command, { ...(abortSignal !== undefined && { abortSignal }) });
    return answer.PublicAccessBlockConfiguration;
  },
  merge: ({ blockPublicAccess = false }) =>
    Object.fromEntries(flags.map((flag) => [flag, blockPublicAccess])),
  write: async ({ sdk, client, location }, value) => {
    const command = new sdk.PutPublicAccessBlockCommand({
      Bucket: location.bucket,
      PublicAccessBlockConfiguration: value,
    });
    await client.send(command);
  },
  remove: async ({ sdk, client, location }) => {
    await client.send(new sdk.DeletePublicAccessBlockCommand({ Bucket: location.bucket }));
  },
  facts: (value) => {
    const set = flags.filter((flag) => value?.[flag] === true);
    const text = set.length === flags.length ? 'on' : set.length === 0 ? 'off' : `only ${set.join(', ')}`;
    return facts({ 'block-public-access': text });
  },
  weakens: ({ should }) => (should === 'off' ? 'public ACLs and policies become possible' : undefined),
  consequence: ({ should }) => (should === 'on' ? 'anonymous requests are refused from now on' : undefined),
  // Ceph 16 refuses every upload, public or not, once BlockPublicAcls is on.
  trial: trialUpload,
};
