import { storedPublicAccess, type PublicAccess } from '../../s3/bucket.ts';
import { trialUpload } from '../../s3/object.ts';
import { facts } from '../facts.ts';
import type { Setting } from '../setting.ts';

const flags = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;

/** Amazon's four flags against public access, all or none. */
export const publicAccessSetting: Setting<PublicAccess> = {
  ...storedPublicAccess,
  name: 'block-public-access',
  instead: 'leave block-public-access out and keep public statements and ACLs away by hand',
  isWished: ({ blockPublicAccess }) => blockPublicAccess !== undefined,
  merge: ({ blockPublicAccess = false }) =>
    Object.fromEntries(flags.map((flag) => [flag, blockPublicAccess])),
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
