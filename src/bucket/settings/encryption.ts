import type { ServerSideEncryptionRule } from '@aws-sdk/client-s3';
import { facts } from '../facts.ts';
import { storeLacks } from '../bucket-store.ts';
import type { Setting } from '../setting.ts';

const instead =
  "say encryption: in the repository's s3 (asked for with each upload) or encrypt: { age: … }, and leave the bucket's encryption out";

/** How the store encrypts what is uploaded without saying how. */
export const encryptionSetting: Setting<ServerSideEncryptionRule> = {
  name: 'encryption',
  permissions: { read: 's3:GetEncryptionConfiguration', write: 's3:PutEncryptionConfiguration' },
  absentBy: ['ServerSideEncryptionConfigurationNotFoundError'],
  instead,
  isWished: ({ encryption }) => encryption !== undefined,
  read: async ({ sdk, client, location }, abortSignal) => {
    const command = new sdk.GetBucketEncryptionCommand({ Bucket: location.bucket });
    const answer = await client.send(command, { ...(abortSignal !== undefined && { abortSignal }) });
    const [rule] = answer.ServerSideEncryptionConfiguration?.Rules ?? [];
    // Ceph 16 answers 200 with nothing and refuses to set it; S3 itself has a rule or an error for "nothing is set".
    if (rule === undefined) throw storeLacks(`read the encryption of bucket ${location.bucket}`, instead);
    return rule;
  },
  merge: ({ encryption }, is) => {
    if (encryption === undefined) return is;
    const { algorithm, key, bucketKey = is?.BucketKeyEnabled } = encryption;
    return {
      ApplyServerSideEncryptionByDefault: {
        SSEAlgorithm: algorithm,
        ...(key !== undefined && { KMSMasterKeyID: key }),
      },
      ...(algorithm === 'aws:kms' && bucketKey !== undefined && { BucketKeyEnabled: bucketKey }),
    };
  },
  write: async ({ sdk, client, location }, rule) => {
    const command = new sdk.PutBucketEncryptionCommand({
      Bucket: location.bucket,
      ServerSideEncryptionConfiguration: { Rules: [rule] },
    });
    await client.send(command);
  },
  remove: async ({ sdk, client, location }) => {
    await client.send(new sdk.DeleteBucketEncryptionCommand({ Bucket: location.bucket }));
  },
  facts: (rule) => {
    const { SSEAlgorithm, KMSMasterKeyID } = rule?.ApplyServerSideEncryptionByDefault ?? {};
    return facts({
      'encryption.algorithm': SSEAlgorithm,
      'encryption.key': KMSMasterKeyID,
      'encryption.bucket-key':
        SSEAlgorithm === 'aws:kms' ? (rule?.BucketKeyEnabled === true ? 'on' : 'off') : undefined,
    });
  },
  weakens: ({ key, is, should }) => {
    if (key === 'encryption.algorithm' && is?.startsWith('aws:kms') === true && should === 'AES256')
      return "new objects no longer need the key's permission to be read";
    if (key === 'encryption.key' && is !== undefined && should === undefined)
      return 'new objects are encrypted with a key that is not yours';
    return undefined;
  },
  consequence: ({ key }) =>
    key === 'encryption.algorithm' ? 'new objects; what is there stays as it is' : undefined,
};
