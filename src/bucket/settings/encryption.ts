import { defined } from '../../base/defined.ts';
import { storedEncryption, type EncryptionRule } from '../../s3/bucket.ts';
import { facts } from '../facts.ts';
import type { Setting } from '../setting.ts';

const instead =
  "say encryption: in the repository's s3 (asked for with each upload) or encrypt: { age: … }, and leave the bucket's encryption out";

/** How the store encrypts what is uploaded without saying how. */
export const encryptionSetting: Setting<EncryptionRule> = {
  ...storedEncryption,
  name: 'encryption',
  instead,
  isWished: ({ encryption }) => encryption !== undefined,
  merge: ({ encryption }, is) => {
    if (encryption === undefined) return is;
    const { algorithm, key, bucketKey = is?.BucketKeyEnabled } = encryption;
    return {
      ApplyServerSideEncryptionByDefault: {
        SSEAlgorithm: algorithm,
        ...defined({ KMSMasterKeyID: key }),
      },
      ...(algorithm === 'aws:kms' && bucketKey !== undefined && { BucketKeyEnabled: bucketKey }),
    };
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
